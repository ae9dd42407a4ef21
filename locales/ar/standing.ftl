### Standing orders, packs and units that are given before their tests.

page-standing = الطلبات الدورية
page-packs = رُزم النقل الكثيف
page-untested = وحدات غير مفحوصة

column-cadence = كم مرة
column-next-due = الموعد القادم
column-last-day = آخر يوم
column-round = الجولة
column-started = بدأت

action-standing = طلب دوري جديد
action-pause-order = إيقاف مؤقت
action-resume-order = متابعة
action-end = إنهاء
action-pack = بدء رزمة
action-next-round = طلب الجولة { $n }
action-stop-pack = إيقاف الرزمة
action-authorise = إجازة بصفة الطبيب الثاني
action-compare = مطابقة أولى
action-compare-second = مطابقة ثانية وإعطاء
action-withdraw = سحب
action-close-case = إغلاق الحالة

standing-title = ما الطلبات الدورية القائمة؟
standing-one-title = ماذا يطلب هذا الطلب الدوري؟
standing-new-title = ما المطلوب مرة بعد مرة؟
standing-lead = كل موعد يُنشئ طلبًا عاديًا قبله بأيام. الطلب الدوري نفسه لا يحجز شيئًا.
standing-caption = الأقرب موعدًا أولًا، وما انتهى أخيرًا.
standing-none = لا طلبات دورية قائمة.
standing-made = الطلبات التي أنشأها
standing-none-made = لا شيء بعد.
standing-ends-soon = ينتهي قريبًا
standing-every =
    { $n ->
        [one] كل يوم
        [two] كل يومين
        [few] كل { $n } أيام
       *[other] كل { $n } يومًا
    }
standing-every-days = كل كم يوم (أو أيام الأسبوع أدناه)
standing-weekdays = في أيام الأسبوع هذه
standing-due-at = الساعة المطلوبة
standing-first-on = أول يوم
standing-days-ahead = قبل كم يوم يُنشأ الطلب (3 إن لم يُذكر)
standing-state-active = قائم
standing-state-paused = موقوف مؤقتًا
standing-state-ended = انتهى

packs-title = ما الرزم الجارية؟
packs-none = لم تبدأ أي رزمة.
packs-start = بدء رزمة
packs-hold = تطلب كل جولة كريات حمراء { $red } وبلازما { $plasma } وصفائح { $platelets }، كلًّا بطلب طارئ.
pack-title = ماذا تطلب هذه الرزمة؟
pack-state-running = جارية
pack-state-stopped = متوقفة
pack-to-return = يجب إرجاعها
pack-next = الجولة التالية
pack-next-hint = إن لم يُذكر شيء عن الزمرة يُعتمد ما كان معروفًا.
pack-stop-note = لا جولة بعدها، ويُلغى حجز المحجوز، ويُرجع ما صُرف ولم يُستخدم.

untested-title = أي الوحدات تُعطى قبل فحصها؟
untested-none = لا شيء.
untested-request = الطلب
untested-tests-to-come = لم تصل بعد
untested-follow-up = ما جرى للمريض
untested-asked-by = طلبها
untested-authorised-by = أجازها
untested-checked-by = طابقها
untested-given-by = أعطاها
untested-state-asked = بانتظار الطبيب الثاني
untested-state-authorised = أُجيزت
untested-state-checked = طُوبقت مرة
untested-state-given = أُعطيت: يجب متابعة المريض
untested-state-followed-up = أُغلقت
untested-state-withdrawn = سُحبت
