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

places-title = ما الوحدات والمنشآت؟
places-lead = العدد الكبير يُدخل من سطر الأوامر، مع تجربة أولية وملف بالمرفوض.
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
preview-failed = فشلت المعاينة
preview-waits = تنتظر دورها.
preview-same = كما هو
preview-earlier = أبكر
preview-later = أبعد
preview-shut = لم يعد ممكنًا
preview-opened = صار ممكنًا
