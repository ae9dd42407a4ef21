### The blood bank's work, units and their lives.

page-bank = عملنا
page-units = الوحدات

filter-any = الكل
column-note = ملاحظة
column-tests = الفحوص
column-place = المكان
column-parcel = الصندوق
column-sent = أُرسل

unit-group-unknown = الزمرة غير مؤكدة
unit-division = رقم الجزء لوحدة مقسّمة (يُترك فارغًا للوحدة الكاملة)
unit-volume = الحجم بالملليلتر
unit-collected = تاريخ الجمع
unit-expires = صالحة حتى نهاية يوم
additive-cpd = CPD (21 يومًا)
additive-cpda-1 = CPDA-1 (35 يومًا)
additive-as-sagm = محلول إضافي (كريات الدم الحمراء 42 يومًا)
additive-unknown = غير مذكور
additive-hint = إن لم تختر شيئًا فكما تكون الأكياس هنا عادة.
unit-additive = المحلول في الكيس
unit-attributes = الخصائص
unit-title = ماذا حدث لهذه الوحدة؟
unit-life = مسارها من الذراع إلى مصيرها

units-title = أي الوحدات على رفّنا؟
units-caption = الأقرب انتهاءً أولًا.
units-cut = تُعرض أول 200 وحدة فقط.
units-none = لا توجد وحدة كهذه على رفّنا.

bench-title = ما المطلوب عمله على رفّنا؟
bench-none = لا شيء.
bench-cut = بعض القوائم أطول: تُعرض أول عشرين من كل منها.
bench-to-release = في الحجر بانتظار الإفراج
bench-ends = تنتهي خلال 3 أيام
bench-gone = منتهية أو موقوفة
bench-parcels = بين بنوك الدم
bench-differs = ما يختلف
bench-all-clear = كل الفحوص سليمة
bench-not-clear = غير سليمة: لا تُصرف
bench-missing = ينقص: { $markers }
bench-tested-elsewhere = فُحصت في مصدرها

action-release = إفراج
action-bank-receive = إدخال كيس من جهة أخرى
action-bank-send = إرسال إلى بنك دم آخر
action-bank-count = جرد الرف
action-bank-discard = إتلاف
action-found = وُجدت
action-lost = مفقودة
action-confirm-count = أؤكد هذا الجرد

scan-hint = تُمسح أو تُكتب كل بطاقة في سطر، في خانة مكوّنها، وقد تتبع الرقمَ بطاقةُ المنتَج. الجزء من وحدة مقسّمة يتبعه رقمه بعد خط مائل، مثل ⁦/2⁩.

arrive-title = أي كيس وصل؟
arrive-lead = الكيس القادم من خدمة دم أخرى يبقى في الحجر حتى الإفراج عنه، كالذي جُمع هنا.

discard-title = أي وحدة تُتلف؟
discard-lead = وحدة من رفّنا، نهائيًا.

send-title = ماذا يُرسل إلى بنك دم آخر؟
send-lead = وحدات صالحة للصرف أو في الحجر، إلى بنك دم في المنطقة نفسها؛ ولا تُحسب في أي مكان أثناء الطريق.
send-no-bank = لا بنك دم آخر في منطقتنا.
transfer-title = ماذا في الصندوق؟
transfer-state-under-way = في الطريق
transfer-state-discrepancy = وحدات ناقصة
transfer-state-closed = مغلق
transfer-end-arrived = وصلت
transfer-end-lost = مفقودة
parcel-comes = قادم إلينا
parcel-goes = أرسلناه
parcel-to = إلى
parcel-not-here = لم تصل بعد
parcel-receive = وصل إلى هنا
parcel-lost = الناقص مفقود
parcel-lost-note = يقوله من لم يُرسل الصندوق ولم يمسح بطاقاته؛ وتُتلف الوحدات الناقصة.

count-title = ماذا على رفّنا؟
count-last = آخر جرد لم يبقَ فيه فرق: { $day }
count-never = لم يُجرد هذا الرف قط دون فروق باقية.
count-is-all = هذه كل بطاقات الرف
counted-title = ماذا وجد الجرد؟
count-state-discrepancy = يوجد اختلاف
count-state-closed = الرف كما جُرد
count-scanned =
    { $n ->
        [zero] لم تُمسح أي بطاقة
        [one] مُسحت بطاقة واحدة
        [two] مُسحت بطاقتان
        [few] مُسحت { $n } بطاقات
       *[other] مُسحت { $n } بطاقة
    }
count-missing = لم تُمسح
count-lost-note = «مفقودة» يقولها من لم يقم بالجرد؛ وتُتلف الوحدة.
count-odd = ما كان ينبغي أن تكون هنا
stray-what = ماذا كانت؟
miss-end-found = وُجدت
miss-end-lost = مفقودة

marker-hbsag = المستضد السطحي لالتهاب الكبد ب
marker-anti-hbc = أضداد لبّ التهاب الكبد ب
marker-hbv-nat = فيروس التهاب الكبد ب (الحمض النووي)
marker-hcv = التهاب الكبد ج
marker-hcv-nat = فيروس التهاب الكبد ج (الحمض النووي)
marker-hiv = فيروس نقص المناعة
marker-hiv-nat = فيروس نقص المناعة (الحمض النووي)
marker-syphilis = الزهري
marker-htlv = الفيروس المنمي للخلايا التائية

move-reason-collected = جُمعت
move-reason-delivered = وردت من خدمة دم أخرى
move-reason-tested = الفحوص سليمة
move-reason-donor-linked = أمر يخصّ المتبرع
move-reason-group-discrepancy = الزمر لا تتفق
move-reason-hospital-report = بلاغ من مستشفى
move-reason-recall = سُحبت
move-reason-damaged = تالفة
move-reason-out-of-temperature = خارج درجة حرارتها
move-reason-low-volume = حجم منخفض
move-reason-used = لطلب
move-reason-freed = أُلغي حجزها
move-reason-not-used = لم تُستخدم
move-reason-cleared = أجازها طبيب
move-reason-date-passed = انقضى تاريخها
move-reason-sent = أُرسلت
move-reason-arrived = وصلت
move-reason-lost = فُقدت
move-reason-divided = قُسّمت
move-reason-emergency = طوارئ قبل الفحص
move-reason-processed = عولجت
move-reason-corrected = تصحيح لما سُجّل خطأ
move-reason-other = سبب آخر

page-laboratory = المختبر
laboratory-title = ما الذي ينتظر فحوصه؟
laboratory-waiting = في الحجر على رفّنا
laboratory-cut = ينتظر أكثر من ذلك: تظهر الأربعون الأولى.
results-title = ماذا وجد المختبر؟
results-number = رقم التبرع
results-next = الفحص التالي
results-test = الفحص
results-finding = النتيجة
results-tested-on = يوم الفحص
results-group = الزمرة في هذه العينة
results-group-hint = فحص لزمرة المتبرع: فحصان متفقان يثبتان الزمرة.
results-enter = أدخل
results-note = كل نتيجة غير سلبية توقف فورًا كل وحدات هذا المتبرع، وينتظر المتبرع. ولا يُغيَّر سطر أبدًا: شخص آخر يضع سطرًا مكانه.
results-missing = ناقص:
results-look-back = تبرعات سابقة للمتبرع نفسه يشملها ذلك
results-since = منذ { $day }:
results-since-ever = كلها، إذ لم يُوجد أي منها سليمًا:
results-ledger = كل ما أُدخل
results-entered = وقت الإدخال
results-corrected = صُحّح
results-correct = صحّح
column-marker = الواسم
column-collected = يوم التبرع
test-stage-screening = فحص أولي
test-stage-repeat = إعادة
test-stage-confirmation = فحص مؤكِّد
test-finding-non-reactive = سلبية
test-finding-reactive = متفاعلة
test-finding-indeterminate = غير محسومة
marker-state-missing = ناقص
marker-state-not-asked = غير مطلوب
marker-state-clear = سليم
marker-state-reactive = متفاعل، يُعاد فحصه
marker-state-repeat-reactive = متفاعل ثانيةً، ينتظر الفحص المؤكِّد
marker-state-false-reactive = تفاعل غير حقيقي، لا يُصرف
marker-state-confirmed = مؤكد
infection-hbv = التهاب الكبد ب
infection-hcv = التهاب الكبد ج
infection-hiv = فيروس نقص المناعة
infection-syphilis = الزهري
infection-htlv = الفيروس المنمي للخلايا التائية
