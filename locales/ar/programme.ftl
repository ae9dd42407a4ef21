### Drives, the sheet for an emergency, the programme.

page-working = الحملات
page-emergency = طوارئ
page-programme = البرنامج

column-month = الشهر
column-step = الخطوة
column-people = العدد
column-branch = المجال
month-long = { $month } { $year }

working-title = هل تنجح الحملات؟
working-year = السنة يومًا بيوم
working-key = كل عمود أسبوع، والأحد في الأعلى. المربع يوم فيه حملات: كلما كبر كان ما جُمع أكثر. الحلقة: حملات حضرها أقل من عشرين شخصًا ولا تُذكر أرقامها.
working-funnel = من الأماكن إلى الوحدات
working-told =
    { $n ->
        [zero] لا حملات لها أرقام.
        [one] لحملة واحدة.
        [two] لحملتين.
        [few] لِـ { $n } حملات.
       *[other] لِـ { $n } حملة.
    }
working-floor = لا تُحسب الحملات التي حضرها أقل من عشرين؛ ومن أُرجئ أو غادر أو كان تبرعه قليلًا رقم واحد.
working-months = شهرًا بشهر
working-none = لم تكن هناك حملات.
working-cut = الحملات أكثر مما يُقرأ هنا.
working-held = أُقيمت
working-cancelled = أُلغيت
working-with-figures = لها أرقام
working-places = الأماكن
working-booked = محجوز
working-came = حضروا
working-no-shows = حجزوا ولم يحضروا
working-goal = الهدف
working-not-collected = حضروا دون جمع
working-collected = جُمع
working-part = ما جُمع ممن حضر

sheet-title = كم يمكن جمعه الآن؟
sheet-note = وحدات صالحة للصرف، وإلى جانبها دون جمع: كريات حمراء من متبرعين لو دُعوا الآن، بحد أدنى في تسع دعوات من عشر، وبين قوسين المتوسط. دمهم لم يُفحص. المناطق التي لا تصل بينها طريق لا تُجمع أرقامها. لا دعوة تُرسل من هنا.
sheet-sites =
    { $n ->
        [zero] لا موقع يجمع هنا
        [one] موقع واحد يجمع هنا
        [two] موقعان يجمعان هنا
        [few] { $n } مواقع تجمع هنا
       *[other] { $n } موقعًا يجمع هنا
    }
sheet-on-shelf = على الرفوف
sheet-callable = يمكن دعوتهم
sheet-hours = خلال { $n } ساعة
sheet-at-most = أقصى ما تجمعه المواقع
sheet-shelves = وحدات صالحة للصرف موقعًا بموقع
sheet-low-titre = من الدم الكامل: O منخفض العيار
sheet-screened = متبرعون مفحوصون زمرتهم O وعيارهم منخفض، جاهزون للدعوة:
sheet-under-20 = أقل من 20

programme-title = ماذا يفعل البرنامج؟
programme-year = المجالات العشرة في السنة الماضية
programme-held = أُقيمت
programme-planned = مخططة
programme-cancelled = أُلغيت
programme-people = المستفيدون
programme-hours = الساعات
programme-units = الوحدات
programme-see-drives = يُذكر من الحملات يومها ومحافظتها
programme-month = ما هو مخطط في { $month }
programme-before = الشهر السابق
programme-after = الشهر التالي
programme-closed = طرق مغلقة
programme-clashes =
    { $n ->
        [one] تعارض واحد
        [two] تعارضان
        [few] { $n } تعارضات
       *[other] { $n } تعارضًا
    }
programme-conflicts = وحدات في نشاطين معًا
programme-no-conflict = لا شيء مما يظهر.
