### People, places and rules.

page-people = الأشخاص
page-places = الأماكن
page-rules = القواعد

column-code = الرمز
column-from = من
action-make = إنشاء
action-what-changes = ما الذي يتغير؟
action-look-again = عرض من جديد

people-title = من يحق له الدخول؟
people-role = الدور
people-active = فعّال
people-disabled = معطّل
people-cut = تُعرض الحسابات الأولى فقط.
people-new = حساب جديد
people-password = كلمة المرور الأولى
people-password-hint = { $n } محرفًا على الأقل؛ وعلى صاحبها اختيار غيرها عند أول دخول.
people-facility = المنشأة (لمستشفى أو بنك دم)
people-units = رموز الوحدات (لمسعف)، تفصلها مسافات
people-email = البريد الإلكتروني، للتنبيه إلى ما يستدعي النظر
people-email-hint = لا تذكر الرسائل مكانًا ولا وحدة ولا شخصًا: تقول إن هناك ما يستدعي النظر. العنوان محفوظ مختومًا.
people-address = أين يُراسل المستخدم
people-email-forget = الحقل الفارغ ينسى العنوان المحفوظ.
people-disable = تعطيل
people-enable = إعادة التفعيل
people-reset = بداية جديدة
people-reset-hint = لمن فقد كلمة المرور أو الجهاز: تنتهي كل جلسات الحساب ويُنسى عامله الثاني، ويجب تغيير كلمة المرور هذه عند أول دخول.
action-reset = بدء جديد

places-title = ما الوحدات والمنشآت؟
places-lead = الوحدات والمنشآت، واحدة واحدة أو كثيرة دفعة واحدة من جدول.
places-units = الوحدات
places-facilities = المنشآت
places-new-unit = وحدة جديدة
places-new-facility = منشأة جديدة
places-name-ar = الاسم بالعربية
places-name-en = الاسم بالإنجليزية
places-kind = النوع
places-above = تتبع
places-parent = رمز الوحدة الأعلى (يُترك فارغًا إن لم توجد)
facility-kind-hospital = مستشفى
facility-kind-blood-bank = بنك دم

rules-title = بأي قواعد يُتخذ القرار؟
rules-note = لا تغيّر قاعدةٌ قرارًا اتُّخذ قبلها. على طبيب أن يوقّع مجموعة القواعد قبل الاستعمال الفعلي.
rules-in-force = سارية
rules-not-in-force = غير سارية
rules-source = المصدر
rules-signed = وقّعها
rules-unsigned = لا أحد بعد
evidence-proposed = مقترحة هنا
evidence-read = مقروءة في المصدر
evidence-second-hand = منقولة
evidence-well-known = معروفة

preview-title = ماذا تغيّر هذه القواعد؟
preview-found = من بين { $donors } متبرع تغيّر شيئًا لعدد { $changed }، من { $day }.
preview-unreadable =
    { $n ->
        [one] ولا يمكن القول عن واحد.
        [two] ولا يمكن القول عن اثنين.
        [few] ولا يمكن القول عن { $n } متبرعين.
       *[other] ولا يمكن القول عن { $n } متبرعًا.
    }
preview-same = كما هو
preview-earlier = أبكر
preview-later = أبعد
preview-shut = لم يعد ممكنًا
preview-opened = صار ممكنًا

job-failed = تعذّر إتمامه
job-waits = ينتظر دوره.

page-record = السجل
record-title = من فعل ماذا؟
record-lead = كل تغيير وكل فتح لهوية سطر هنا، وهذه القراءة أيضًا. لا تظهر التفاصيل التي تكشف شيئًا عن شخص.
record-links =
    { $n ->
        [zero] لا أسطر مسلسلة
        [one] سطر واحد مسلسل
        [two] سطران مسلسلان
        [few] { $n } أسطر مسلسلة
       *[other] { $n } سطرًا مسلسلًا
    }
record-waiting =
    { $n ->
        [zero] لا سطر ينتظر التسلسل
        [one] سطر واحد لم يُسلسل بعد
        [two] سطران لم يُسلسلا بعد
        [few] { $n } أسطر لم تُسلسل بعد
       *[other] { $n } سطرًا لم يُسلسل بعد
    }
record-who = المستخدم
record-action = الإجراء
record-subject = ما جرى عليه (المعرّف)
record-from = من
record-until = إلى
record-alerts = ما يستدعي النظر فقط
record-detail = التفاصيل
record-itself = البرنامج
record-alert = يستدعي النظر
record-none = لا سطر من هذا النوع.
record-check = فحص السلسلة
record-check-note = يكشف الفحص سطرًا عُدّل أو أُزيل أو نُقل من مكانه. أما إن كان السجل كله صُنع من جديد فلا يُظهره إلا رأس محفوظ في مكان آخر:
record-check-title = هل السجل سليم؟
record-whole =
    { $n ->
        [zero] سليم: لا حلقات بعد
        [one] سليم: حلقة واحدة
        [two] سليم: حلقتان
        [few] سليم: { $n } حلقات كلها صحيحة
       *[other] سليم: { $n } حلقة كلها صحيحة
    }
record-broken = مكسورة عند الحلقة { $n }
record-loose =
    { $n ->
        [zero] لا سطر خارج السلسلة
        [one] سطر واحد يُفترض أنه مسلسل ولا حلقة تحمله
        [two] سطران يُفترض أنهما مسلسلان ولا حلقة تحملهما
        [few] { $n } أسطر يُفترض أنها مسلسلة ولا حلقة تحملها
       *[other] { $n } سطرًا يُفترض أنها مسلسلة ولا حلقة تحملها
    }
action-check = افحص السلسلة كلها

page-outbox = الرسائل
outbox-title = أي الرسائل أُرسلت؟
outbox-lead = لا يظهر هنا لمن الرسالة ولا عمّ هي.
outbox-what = الرسالة
outbox-why = سبب بقائها
outbox-attempts = المحاولات
outbox-error = ردّ الخادم
outbox-none = لا رسالة من هذا النوع.
action-try-again = حاول مرة أخرى
template-appointment-off = تعذّر الموعد
template-appointment-cancelled = أُلغي موعد
template-appointment-proposed = اقتُرح موعد
template-appointment-confirmed = قُبل موعد
template-appointment-changed = نُقل موعد
template-reminder-days = تذكير قبل أيام
template-reminder-hours = تذكير قبل ساعات
template-thank-you = شكر
template-gift-used = العطاء أفاد
template-eligible-again = يمكنه العطاء من جديد
template-invitation = دعوة
template-level-changed = للقيادة: تغيّر مستوى
template-request-moved = لمستشفى: تحرّك طلب
template-account-changed = لمستخدم: تغيّر الحساب
message-state-queued = تنتظر
message-state-claimed = قيد الإرسال
message-state-sent = أُرسلت
message-state-unsent = لم تُرسل
unsent-no-transport = لا وسيلة إرسال مهيأة
unsent-no-address = لا عنوان معروف
unsent-not-wished = غير مرغوبة
unsent-paused = غائب
unsent-gone = لم يعد في السجل
unsent-too-late = كانت ستصل بعد فوات أوانها
unsent-refused = رفضها الخادم
unsent-unreachable = استُنفدت المحاولات
unsent-damaged = العنوان لا يُفتح

places-import = كثير دفعة واحدة من جدول
places-import-note = جدول لا يزيد على 2 ميغابايت. ما هو موجود ومطابق يُتجاوز. جرّبه أولًا: لا يُكتب شيء عندئذ. الأعمدة:
places-import-what = الملف يحوي
places-import-file = الملف
places-import-try = تجربة فقط دون كتابة
action-import = أدخِل
import-title = ماذا صار بالملف؟
import-tried = تجربة فقط: لم يُكتب شيء.
import-taken =
    { $n ->
        [zero] لم يُؤخذ أي صف
        [one] أُخذ صف واحد
        [two] أُخذ صفان
        [few] أُخذت { $n } صفوف
       *[other] أُخذ { $n } صفًا
    }
import-would =
    { $n ->
        [zero] لن يُؤخذ أي صف
        [one] سيُؤخذ صف واحد
        [two] سيُؤخذ صفان
        [few] ستُؤخذ { $n } صفوف
       *[other] سيُؤخذ { $n } صفًا
    }
import-skipped =
    { $n ->
        [zero] لا شيء موجود من قبل
        [one] واحد موجود من قبل
        [two] اثنان موجودان من قبل
        [few] { $n } موجودة من قبل
       *[other] { $n } موجودة من قبل
    }
import-rejected =
    { $n ->
        [zero] لم يُرفض أي صف
        [one] رُفض صف واحد
        [two] رُفض صفان
        [few] رُفضت { $n } صفوف
       *[other] رُفض { $n } صفًا
    }
import-file-refused = تعذّرت قراءة الملف كله.
import-line = السطر
import-faults = الخطأ
import-more = ملف الصفوف المرفوضة يحويها كلها.
import-rejects = الصفوف المرفوضة في ملف، تُصحَّح وتُدخل من جديد
place-kind-units = وحدات
place-kind-facilities = منشآت
import-refused-unreadable = تعذّر فتح الملف.
import-refused-not-utf8 = النص بترميز غير يونيكود؛ احفظ الملف بترميز يونيكود. السطر:
import-refused-empty = الملف فارغ؛ السطر الأول يسمّي الأعمدة.
import-refused-unknown-column = عمود غير معروف:
import-refused-repeated-column = عمود مكرر:
import-refused-missing-columns = أعمدة ناقصة:
import-refused-mapping = اسم بديل لعمود لا يصح:
import-refused-row-too-long = صف أطول من المسموح؛ هل بقيت علامة اقتباس مفتوحة؟ السطر:
import-refused-workbook = تعذّرت قراءة المصنّف:
import-refused-old-workbook = مصنّف من نوع قديم؛ احفظه بالصيغة الحديثة.
import-refused-broken = صف تعذّرت قراءته. السطر:
import-refused-too-many-rows = صفوف أكثر من المسموح دفعة واحدة:
import-refused-begun = بدأ هذا الملف من قبل.
import-refused-key-on-same-disk = مفتاح الجذر على قرص البيانات نفسه.

page-approvals = الموافقات
approvals-title = ما الذي ينتظر شخصًا ثانيًا؟
approvals-lead = لا يقرّر من قدّم الطلب، ولا حساب أنشأ الحساب الآخر أو أُنشئ منه خلال ثلاثين يومًا.
approvals-none = لا شيء ينتظر.
approvals-what = المطلوب
approvals-why = السبب
approvals-by = قدّمه
approvals-until = مفتوح حتى
approvals-another = يقرّر شخص آخر
approvals-text = النص كاملًا
approvals-donor = المتبرع { $id }
approvals-other = يُقرأ مع السجل { $id } أو كان يُقرأ معه
approvals-now = الآن: { $what }
approvals-then = بعد ذلك: { $what }
approvals-no-giving = لم يكن هناك تبرع
approvals-whole = القوات كلها
approvals-units =
    { $n ->
        [zero] لا وحدة
        [one] وحدة واحدة وكل ما تحتها
        [two] وحدتان وكل ما تحتهما
        [few] { $n } وحدات وكل ما تحتها
        [many] { $n } وحدةً وكل ما تحتها
       *[other] { $n } وحدة وكل ما تحتها
    }
approvals-policy = { $name }، ابتداءً من { $from }
approvals-export = إخراج سجل في ملف
approvals-register = السجل
approvals-purpose = الغرض
approvals-export-hint = بعد موافقة شخص آخر يمكنك إخراجه مدة 24 ساعة، من الواجهة البرمجية أو سطر الأوامر.
approvals-keys = تغيير المفتاح الجذر
approvals-keys-hint = بعد موافقة شخص آخر يمكنك تغيير المفتاح مرة واحدة خلال سبعة أيام، من سطر الأوامر.
action-approve = موافقة
action-ask-another = اطلب موافقة شخص ثانٍ
approval-kind-correct-deferral = تصحيح تأجيل
approval-kind-withdraw-deferral = سحب تأجيل
approval-kind-correct-giving = تصحيح تبرع
approval-kind-merge-donors = قراءة سجلين كشخص واحد
approval-kind-undo-merge = فصل سجلين من جديد
approval-kind-export-register = إخراج سجل
approval-kind-change-policy = إنفاذ مجموعة قواعد
approval-kind-change-keys = تغيير المفتاح الجذر
register-donors = المتبرعون
register-deferrals = التأجيلات
register-donations = التبرعات
export-purpose-handover = تتسلّمه منظومة أخرى
export-purpose-inspection = تفتيش من جهة رسمية
export-purpose-comparison = لمقارنته بسجل في مكان آخر
export-purpose-outage = لمواصلة العمل حيث لا يمكن الوصول إلى الخدمة
rules-adopted = موافق عليها، من يومها
rules-ask-note = يوافق عليها طبيب هو شخص آخر. يُتخذ القرار بها من يومها، بعد تشغيل الخدمة من جديد.
