### سجلات المتبرعين في الصفحات.

page-donors = المتبرعون
donors-title = عمّن تبحث؟
donors-note = يُبحث عن الاسم ببدايات أجزائه بأي إملاء. البحث برقم محسوب ومسجَّل.
donors-none = لا أحد في وحداتك يطابق.
donors-caption = سجلات بلا أسماء: افتح سجلًا لترى لمن هو.
donors-more = يطابق أكثر مما يُعرض: اذكر من الاسم أكثر.
donor-title = سجل متبرع
donor-new-title = من الذي يُسجَّل؟
donor-new-lead = اسأل كل واحد على انفراد. لا يُقال هنا إن كان الشخص معروفًا في مكان آخر.
donor-part-name = الشخص
donor-part-numbers = الأرقام والعناوين
donor-part-where = المكان
donor-part-body = الزمرة والجسم
donor-part-wishes = يمكن الوصول إليه
donor-field-by = البحث بـ
donor-field-text = ما يُبحث عنه
donor-field-name = الاسم
donor-field-first-name = الاسم الأول
donor-field-father-name = اسم الأب
donor-field-grandfather-name = اسم الجد
donor-field-family-name = اسم العائلة
donor-field-sex = الجنس
donor-field-birth-date = تاريخ الميلاد
donor-field-service-number = الرقم العسكري
donor-field-national-id = رقم الهوية
donor-field-phone = الهاتف
donor-field-email = البريد الإلكتروني
donor-field-unit = الوحدة
donor-field-governorate = المحافظة
donor-field-place = مكان السكن
donor-field-blood-group = الزمرة كما يقول المتبرع
donor-field-weight-kg = الوزن، كغ
donor-field-height-cm = الطول، سم
donor-field-kind = كيف جاء إلى التبرع
donor-field-language = اللغة
donor-field-may-call = بالهاتف
donor-field-may-text = برسالة قصيرة
donor-field-may-email = بالبريد
donor-field-drive = الحملة
donor-field-despite = رغم واجب قريب
donor-field-until = حتى
donor-declared-hint = تبقى مصرَّحًا بها حتى تُفحص هنا.
donor-despite-hint = فقط إذا نبّه واجب قريب من الحملة.
donor-until-hint = أول يوم بعد التوقف؛ فارغ يتركه مفتوحًا.
donor-today = دم كامل اليوم
donor-not-before = ليس قبل
donor-recorded = يُسجَّل أنه فُتح للوصول إلى المتبرع.
donor-book = الحجز
donor-proposed-hint = يُقترح أول مكان متاح. لا يُلزم أحدًا حتى يقبل المتبرع.
donor-pause = المتبرع يريد التوقف
donor-status-active = فعّال
donor-status-paused = متوقف مؤقتًا
donor-status-review = ينتظر المراجعة
donor-status-deceased = متوفى
donor-status-erased = محذوف
donor-kind-voluntary = من تلقاء نفسه
donor-kind-replacement = من أجل مريض
donor-kind-call-up = بنداء
group-evidence-unknown = غير معروفة
group-evidence-discrepant = الفحوص مختلفة
despite-light-work = عمل أخف هناك
despite-no-substitute = لا بديل
despite-own-wish = رغبة المتبرع
language-ar = العربية
language-en = الإنجليزية
action-register = سجّل متبرعًا
action-propose = اقترح مكانًا
action-pause = توقّف
action-resume = أنهِ التوقف
page-panel = سجل الطوارئ
panel-title = من يمكن أن يُدعى لجمع طارئ؟
panel-lead = دم الجمع الطارئ لا يُفحص قبل إعطائه: يتحمّل طبيبان مسؤوليته، ويُسأل كل عضو من جديد حين يُدعى.
panel-none = لم يوافق أحد بعد على أن يُدعى.
panel-caption = الجاهزون أولًا. ما دام شيء غير معروف فلا أحد جاهز. ليست أسباب التأجيل جزءًا من هذه القائمة.
panel-requirements = ما عند كل واحد
panel-until = { $met }، حتى { $day }
panel-is-ready = جاهز
panel-not-ready = غير جاهز
panel-ready =
    { $n ->
        [zero] لا أحد جاهز.
        [one] واحد جاهز.
        [two] اثنان جاهزان.
        [few] { $n } جاهزون.
       *[other] { $n } جاهزًا.
    }
requirement-active = سجل فعّال
requirement-consent = موافق
requirement-uneventful-donation = تبرّع بلا رد فعل
requirement-group-confirmed = الزمرة مؤكدة
requirement-low-titre = عيار منخفض
requirement-infection-panel = فحوص كاملة خلال 90 يومًا
met-yes = نعم
met-no = لا
met-unknown = غير معروف
