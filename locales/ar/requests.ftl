### The words of the pages of requests.

requests-title = ما الطلبات التي تنتظر؟
requests-caption = المتأخر أولًا، ثم الأشد إلحاحًا.
requests-open = كل المفتوحة
requests-none = لا يوجد طلب هنا.
page-requests = الطلبات
request-new-title = ما الوحدات التي يمكن أن أطلبها؟
request-new-lead = يذهب الطلب إلى بنوك الدم في المنطقة، فيأخذه واحد منها ويحجز ما يناسب المريض.
request-not-sent = لم يُرسل الطلب
request-title = أين وصل الطلب؟
request-group-unknown = غير معروفة
request-not-said = لم يُذكر
request-late = متأخر
request-identical = الزمرة نفسها
request-held = محجوز: { $n }.
request-issued = صُرف: { $n }.
request-arrived = وصل: { $n }.
request-held-until = حتى
request-units = وحدات الطلب
request-receive = استلام الوحدات
request-dins = رموز الأكياس كما تُمسح أو تُكتب، رمز في كل سطر
request-issue-scanned = الصرف بالمسح
request-scan-hint = يُمسح كل كيس يخرج، بطاقة في كل سطر، وقد تتبع رقمَه بطاقةُ منتَجه. ولا يُصرف شيء إلا إن كانت هي الأكياس المحجوزة كلها ولا غيرها.
request-candidates = وحدات من رفّنا تناسب المريض
request-candidates-caption = بترتيب الصرف: الزمرة نفسها أولًا، ثم الأقرب انتهاءً. ما يلزم مؤشَّر عليه سلفًا، عدا ما يحتاج إلى سبب أو إلى سياسة RhD.
request-nothing-fits = لا توجد على رفّنا وحدة تناسب المريض وتبقى صالحة حتى الموعد.
request-cut-off = لا طريق يصل إلى المستشفى الآن.
request-across = إظهار ما هو هنا رغم ذلك
request-why = السبب، إن كان فوقه شيء بخط عريض
request-left = ما زال ينقص: { $n }.
request-refuse = رفض الطلب
request-rhd = فُتحت الوحدات الموجبة
request-rhd-open = وحدات موجبة لعامل RhD لهذا المريض
request-rhd-note = يُسجَّل باسم الطبيب الذي يأذن بها. تأتي بعد كل ما يناسب المريض من دونها.
request-rhd-no-anti-d = ليس لدى المريض أضداد D ولم تكن لديه
request-rhd-not-chronic = المريض لا يُنقل له الدم بصورة مزمنة
request-reason = السبب
request-before = قبل النقل
request-evidence-hint = الزمرة التي لم تؤكدها عيّنتان تُعامل على أنها غير معروفة.
request-needed-hint = يُترك فارغًا إن كانت الحاجة الآن. الطلب المبرمج يحتاج إلى موعد.
request-patient-hint = رمز يعرفه المستشفى وحده، لا اسم ولا رقم هوية.
request-needs = يجب أن تكون كل وحدة
attribute-irradiated = مشعّعة
attribute-leucodepleted = منقّاة من الكريات البيضاء
attribute-cmv-negative = خالية من مضادات الفيروس المضخّم للخلايا
attribute-small = صغيرة الحجم للأطفال والمواليد
attribute-low-titre = منخفضة عيار الأضداد
request-field-patient = رمز المريض
request-field-blood-group = زمرة المريض
request-field-group-evidence = كيف عُرفت الزمرة
request-field-sex = الجنس
request-field-age-band = الفئة العمرية
request-field-component = المكوّن
request-field-units = عدد الوحدات
request-field-more-component = ومعه للمريض نفسه
request-field-more-units = كم وحدة منه
request-nothing-more = لا شيء آخر
request-field-urgency = الإلحاح
request-field-needed-at = موعد الحاجة
request-field-notes = ملاحظات لبنك الدم

column-wanted = المطلوب
column-urgency = الإلحاح
column-needed = موعد الحاجة
column-met = الملبّى
column-hospital = المستشفى
column-bank = بنك الدم
column-unit = الوحدة
column-good-until = صالحة حتى
column-steps = ما يُفعل
column-cautions = تنبيهات

action-ask = طلب وحدات
action-open-rhd = الإذن باسمي
action-accept = أخذ الطلب
action-hold = حجز المؤشَّر عليه
action-free = إلغاء الحجز
action-issue = صرف المحجوز
action-issue-scanned = صرف ما مُسح
action-refuse = رفض
action-receive = تسجيل الوصول
action-transfused = نُقلت
action-return = إعادة
action-downtime = ورقة العمل عند توقف النظام
action-slip = ورقة الصندوق
action-label = الملصق
action-take-back = استلام المعاد
action-take-request-back = سحب الطلب

request-state-submitted = أُرسل
request-state-accepted = أُخذ
request-state-reserved = حُجز له
request-state-partial = جزئيًّا
request-state-issued = صُرف
request-state-received = وصل
request-state-closed = أُغلق
request-state-refused = رُفض
request-state-cancelled = سُحب

urgency-emergency = طارئ
urgency-urgent = عاجل
urgency-routine = عادي
urgency-planned = مبرمج

refusal-reason-nothing-fits = لا وحدة مناسبة
refusal-reason-incomplete = الطلب ناقص
refusal-reason-duplicate = طلب مكرر
refusal-reason-not-indicated = لا داعي طبيًا
refusal-reason-other = سبب آخر

group-evidence-confirmed = عيّنتان متفقتان
group-evidence-typed-once = فُحصت مرة واحدة
group-evidence-declared = مصرَّح بها

sex-male = ذكر
sex-female = أنثى

age-band-under-18 = دون 18
age-band-from-18-to-50 = من 18 إلى 50
age-band-over-50 = فوق 50

unit-status-quarantine = في الحجر
unit-status-released = صالحة للصرف
unit-status-reserved = محجوزة
unit-status-issued = مصروفة
unit-status-transfused = منقولة
unit-status-returned = معادة
unit-status-discarded = متلفة
unit-status-expired = منتهية الصلاحية
unit-status-blocked = موقوفة
unit-status-in-transit = في الطريق إلى بنك دم آخر
unit-status-divided = قُسّمت إلى وحدات أخرى
unit-status-emergency-untested = غير مفحوصة: للطوارئ فقط

unit-warning-emergency-untested = دم غير مفحوص. لم تُعرف نتائج فحوص العدوى. للمريض الذي أذن له طبيبان فقط، ويطابق شخصان الكيس والمريض عند السرير.
request-minutes-out = دقائق خارج الحفظ المضبوط (يُترك فارغًا إن لم يُعرف)

### صفحات للطباعة.
label-title = أي ملصق يوضع على الكيس؟
label-not-for-issue = لا تُصرف
label-no-group = الزمرة غير مؤكدة
label-collected = التبرع
label-expires = تنتهي الصلاحية
print-hint = للطابعة: لا يُطبع إطار الصفحة.
slip-title = ماذا في الصندوق؟
slip-number = رقم الطلب
slip-none = لا وحدة محجوزة أو مصروفة لهذا الطلب.
slip-packed = التعبئة
slip-carried = النقل
slip-received = الاستلام
slip-step = الخطوة
slip-name = الاسم
slip-time = التاريخ والساعة
slip-temperature = درجة الحرارة
slip-signature = التوقيع
downtime-title = ماذا نكتب والنظام متوقف؟
downtime-lead = ورقة واحدة لكل طلب. يُبلَّغ بنك الدم هاتفيًا، ويأخذ حامل الوحدات هذه الورقة معه.
downtime-request = الطلب
downtime-asked-by = اسم الطالب
downtime-asked-at = وقت الطلب
downtime-units = الوحدات
downtime-din = الرقم على الكيس
downtime-first = المطابقة الأولى عند السرير
downtime-second = المطابقة الثانية عند السرير
downtime-begun = بدء النقل
downtime-fate = نُقلت أو أُعيدت أو أُتلفت
downtime-enter = تُدخل الورقة حين يعود النظام، بالأوقات المكتوبة عليها، وتُحفظ.
downtime-entered-by = اسم المُدخِل

page-find = ابحث عن وحدات
find-title = ما الوحدات التي يمكن أن أطلبها؟
find-lead = اختر زمرة المريض وكيف عُرفت والمكوّن: المطابقة أولًا، ثم ما يوافق بترتيب المكوّن نفسه، والأقرب انتهاءً قبل غيره.
find-recipient = زمرة المريض
find-where = مكان المريض
find-here = مكاننا
find-hours = صالحة بعد هذا العدد من الساعات
find-total =
    { $n ->
        [zero] لا وحدة توافق
        [one] وحدة واحدة توافق
        [two] وحدتان توافقان
        [few] { $n } وحدات توافق
       *[other] { $n } وحدة توافق
    }
find-short =
    { $n ->
        [zero] لا ينقص شيء
        [one] تنقص وحدة واحدة عن المطلوب
        [two] تنقص وحدتان عن المطلوب
        [few] تنقص { $n } وحدات عن المطلوب
       *[other] تنقص { $n } وحدة عن المطلوب
    }
find-nothing = لا وحدة صالحة للصرف يمكن الوصول إليها توافق.
find-fits = المطابقة
find-identical = مطابقة
find-compatible = موافقة
find-low-titre-only = منخفضة العيار فقط
find-ask = اطلبها
find-units = بترتيب الصرف
find-way = المسافة
find-sites = بحسب الموقع، الأقرب أولًا
find-heard = آخر خبر منه
find-silent = لم يرد منه شيء منذ مدة
find-not-known = غير معروف
find-km =
    { $n ->
        [zero] في المكان
        [one] كيلومتر واحد
        [two] كيلومتران
        [few] { $n } كيلومترات
       *[other] { $n } كيلومترًا
    }
find-minutes =
    { $n ->
        [zero] فورًا
        [one] نحو دقيقة
        [two] نحو دقيقتين
        [few] نحو { $n } دقائق
       *[other] نحو { $n } دقيقة
    }
find-counted = جرد الرف
find-cut-off = خلف طرق مغلقة
find-nearest = الأقرب
find-by-policy = وفق سياسة العامل الريسوسي وبمسؤول يجيز بالاسم:
find-nowhere = لا تحمل أي منطقة أخرى وحدة موافقة. يمكن الاتصال بالمتبرعين أدناه.
find-donors = متبرعون يمكن استدعاؤهم
find-published = من جدول
find-not-published = لم يُنشر جدول متبرعين بعد.
find-come = يُتوقع حضور { $n } على الأقل خلال { $hours } ساعة
find-band = من يمكنهم العطاء
find-rest-of = بقية { $place }
find-under-200 = أقل من أن يُقال
territory-west-bank = الضفة الغربية
territory-gaza = غزة
donor-band-under-20 = أقل من 20
donor-band-20-49 = من 20 إلى 49
donor-band-50-99 = من 50 إلى 99
donor-band-100-249 = من 100 إلى 249
donor-band-250-499 = من 250 إلى 499
donor-band-500-999 = من 500 إلى 999
donor-band-1000-up = 1000 فأكثر
