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
request-candidates = وحدات من رفّنا تناسب المريض
request-candidates-caption = بترتيب الصرف: الزمرة نفسها أولًا، ثم الأقرب انتهاءً. ما يلزم مؤشَّر عليه سلفًا، عدا ما يحتاج إلى سياسة RhD.
request-nothing-fits = لا توجد على رفّنا وحدة تناسب المريض وتبقى صالحة حتى الموعد.
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
request-field-patient = رمز المريض
request-field-blood-group = زمرة المريض
request-field-group-evidence = كيف عُرفت الزمرة
request-field-sex = الجنس
request-field-age-band = الفئة العمرية
request-field-component = المكوّن
request-field-units = عدد الوحدات
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
action-refuse = رفض
action-receive = تسجيل الوصول
action-transfused = نُقلت
action-return = إعادة
action-take-back = استلام المعاد
action-take-request-back = سحب الطلب

request-state-submitted = أُرسل
request-state-accepted = أُخذ
request-state-reserved = حُجز له
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
