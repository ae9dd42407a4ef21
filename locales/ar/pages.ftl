### The words of pages.

frame-skip = إلى المحتوى
frame-demo = عرض تجريبي: كل الأسماء والأرقام هنا مولَّدة وليست حقيقية.
frame-pages = الصفحات

page-reserve = الليلة
page-drives = حملاتي
page-shelf = الرفوف
page-docs = وصف الواجهة البرمجية

page-as-file = هذا الجدول ملفًا:
page-as-of = حتى

problem-home = إلى الصفحة الأولى
problem-code = الرمز:

role-admin = الإدارة
role-command = القيادة
role-medic = مسعف الوحدة
role-hospital = مستشفى
role-bank = بنك الدم
role-physician = طبيب

sign-in-title = تسجيل الدخول
sign-in-username = اسم المستخدم
sign-in-password = كلمة المرور
sign-in-new = كلمة المرور الجديدة
sign-in-new-hint = كلمة المرور الحالية اختارها شخص آخر. اختيار كلمة جديدة من { $n } محرفًا على الأقل يُتمّ الدخول.
sign-in-same = كلمة المرور الجديدة هي نفسها الحالية
    .detail = يُرجى اختيار كلمة مرور مختلفة عن الحالية.

weekday-0 = الأحد
weekday-1 = الاثنين
weekday-2 = الثلاثاء
weekday-3 = الأربعاء
weekday-4 = الخميس
weekday-5 = الجمعة
weekday-6 = السبت

month-1 = كانون الثاني
month-2 = شباط
month-3 = آذار
month-4 = نيسان
month-5 = أيار
month-6 = حزيران
month-7 = تموز
month-8 = آب
month-9 = أيلول
month-10 = تشرين الأول
month-11 = تشرين الثاني
month-12 = كانون الأول

day-long = { $weekday } { $day } { $month } { $year }

column-group = الزمرة
column-day = اليوم
column-time = الوقت
column-drive = الحملة
column-governorate = المحافظة
column-status = الحالة
column-booked = محجوز

drive-status-draft = مسودة
drive-status-open = مفتوحة للحجز
drive-status-closed = مغلقة
drive-status-cancelled = ملغاة
drive-status-done = انتهت

drives-title = ما الحملات القادمة؟
drives-caption = حملات التبرع لوحداتي خلال 60 يومًا، الأقرب أولًا.
drives-none = لا توجد حملات قادمة لوحداتي خلال 60 يومًا.
drives-untitled = حملة تبرع بالدم
drives-full = مكتملة

shelf-title = ما الموجود على رفوفنا؟
shelves-title = ما الموجود على الرفوف؟
shelf-empty = لا توجد وحدات على الرفوف.
shelf-caption = وحدات صالحة للصرف، لكل زمرة ومكوّن. بين قوسين ما ينتهي خلال 3 أيام.
shelf-expiring = ({ $n } تنتهي)
shelf-quarantine = في الحجر
shelf-caption-own = وحدات يمكن استعمالها هنا (صُرفت لنا ووصلت، أو جُمعت هنا وأُجيزت)، لكل زمرة ومكوّن. بين قوسين ما ينتهي خلال 3 أيام.
shelf-counted = آخر جرد
shelf-never-counted = لم يُجرد بعد
shelf-order-title = كم يكفي الرف، وما الذي يُطلب؟
shelf-order-note = الأيام: بوتيرة الأسابيع الثمانية الأخيرة. المطلوب: ما ينبغي أن يكون هنا ناقصًا الموجود الذي لا ينتهي خلال 3 أيام. لا يُطلب شيء تلقائيًا.
shelf-par-title = الكمية التي ينبغي أن تكون هنا
shelf-par = عدد الوحدات (فارغ: غير محدد)
shelf-confirm-title = تأكيد الرف
shelf-confirm-units = عدد الوحدات المعدودة من كل المكوّنات
shelf-confirm-note = عُدّ الأكياس أولًا. إذا كان السجل يعرف عددًا آخر فلا يُؤكَّد شيء.
shelf-note = وحدات الحجر لم تُفحص بعد ولا تُحسب مع الصالحة للصرف. لكل طلب: عيّنتان، وفحص الأضداد، واختبار التوافق.

action-show = اعرض
list-comma = ،

column-component = المكوّن
column-region = المنطقة
column-cover = أيام التغطية
column-level = المستوى
column-units = وحدات
column-trend = التغير في 7 أيام
column-days = أيام
column-par = ينبغي أن يكون
column-order = المطلوب
column-expiring = تنتهي خلال 3 أيام
column-demand = الطلب في اليوم
column-donors = متبرعون مؤهلون (لا يُجمعون)
column-donors-short = متبرعون مؤهلون
column-day-0 = اليوم
column-day-3 = بعد 3 أيام
column-day-7 = بعد 7 أيام

reserve-title = هل نغطّي الليلة؟
reserve-silent = مواقع لم تسجّل حركة منذ مدة أطول من المسموح:
reserve-silent-more = و{ $n } غيرها
reserve-worst = الأسوأ الآن
reserve-todo = ما يجب عمله ومن يتولّاه
reserve-lasts = تكفي { $days } يوم
reserve-days = { $days } يوم
reserve-missing =
    { $n ->
        [one] تنقص وحدة واحدة عن الهدف.
        [two] تنقص وحدتان عن الهدف.
        [few] تنقص { $n } وحدات عن الهدف.
       *[other] تنقص { $n } وحدة عن الهدف.
    }
reserve-missing-floor =
    { $n ->
        [one] تنقص وحدة واحدة عن الحد الأدنى.
        [two] تنقص وحدتان عن الحد الأدنى.
        [few] تنقص { $n } وحدات عن الحد الأدنى.
       *[other] تنقص { $n } وحدة عن الحد الأدنى.
    }
reserve-expire =
    { $n ->
        [one] وحدة واحدة تنتهي خلال 3 أيام.
        [two] وحدتان تنتهيان خلال 3 أيام.
        [few] { $n } وحدات تنتهي خلال 3 أيام.
       *[other] { $n } وحدة تنتهي خلال 3 أيام.
    }
reserve-floor = الحد الأدنى { $n }
reserve-all-well = كل زمرة معروفة عند الهدف أو فوقه، في كل منطقة.
reserve-nothing = لم تُسجَّل أي حركة لهذا المكوّن خلال 28 يومًا، فلا يمكن تقدير أيام التغطية.
reserve-caption = أيام التغطية لكل زمرة، الأسوأ أولًا، من صفر إلى { $end }. الخط المتصل: الهدف { $target }. المنقّط: حدّ التوقف { $stop }.
reserve-under-20 = أقل من 20 مسجّلًا
reserve-no-donors = لا تسجيل هنا
reserve-note = المتبرعون المؤهلون لم يُفحص دمهم بعد، فلا يُجمعون مع الوحدات. الزمر التي يقل طلبها عن وحدة في اليوم يُحدَّد مستواها بعدد الوحدات لا بالأيام.
reserve-across = كل منطقة إلى جانب الأخرى
reserve-across-caption = أيام التغطية والمستوى. المناطق التي لا تصل بينها طريق لا تُجمع أرقامها.

roster-title = من هم المتوقع حضورهم؟
roster-count =
    { $n ->
        [zero] لا مواعيد.
        [one] موعد واحد.
        [two] موعدان.
        [few] { $n } مواعيد.
        [many] { $n } موعدًا.
       *[other] { $n } موعد.
    }
roster-caption = المواعيد بحسب الوقت، دون أسماء. تُملأ الخانات الفارغة باليد.
roster-caption-names = المواعيد بحسب الوقت، مع الأسماء. تُملأ الخانات الفارغة باليد.
roster-none = لا مواعيد بعد.
roster-with-names = عرض الأسماء
roster-recorded = يُسجَّل كل اسم يُعرض على أنه فُتح لتسجيل الحضور.
roster-impossible = لا يمكنه التبرع في ذلك اليوم
roster-destroy = تُحفظ القائمة المطبوعة لدى من يدير الحملة وتُتلف بعد إغلاقها.
drives-roster = المتوقع حضورهم
column-name = الاسم
column-service-number = الرقم العسكري
column-record = السجل
column-gives = نوع التبرع
column-document-seen = رُئيت الوثيقة
column-bag-number = رقم الكيس
column-outcome = النتيجة
appointment-status-proposed = مقترح
appointment-status-booked = مقبول
appointment-status-kept = حضر
appointment-status-cancelled = ملغى
appointment-status-no-show = لم يحضر
