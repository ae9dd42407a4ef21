### ما يُقال مع وحدات الدم: تذكيرات وملاحظات وتنبيهات.

stock-reminder-two-samples = عيّنتان تُسحبان كلٌّ على حدة تؤكدان زمرة دم المريض.
stock-reminder-antibody-screen = يُجرى مسح الأجسام المضادة في بلازما المريض.
stock-reminder-crossmatch = يُجرى اختبار التوافق قبل الصرف؛ هذه القائمة لا تغني عنه.

stock-note-declared-is-unknown = الزمرة المصرَّح بها فقط تُعامل على أنها غير معروفة.
stock-note-unknown-group = تؤخذ العينات أولًا. تُختار الوحدات كما لمريض مجهول الزمرة، وبعد وحدتين من خلايا O سالبة يُعاد النظر في الحالة.
stock-note-donors-are-no-units = المتبرعون ليسوا وحدات مفحوصة، فلا يُجمع العددان معًا.
stock-note-plasma-reversed = ترتيب البلازما معكوس: بلازما AB تناسب كل المرضى، وبلازما O تناسب زمرة O وحدها.
stock-note-whole-blood-untitred = لم يُسجَّل عيار الأجسام المضادة لهذه الوحدات، فيُعرض الدم الكامل لزمرة ABO المطابقة فقط.
stock-note-nothing-fits = لا توجد في هذه المنطقة وحدة صالحة للصرف ومناسبة. الأقرب معروض أدناه.
stock-note-by-policy = الوحدات الموجبة لعامل RhD تحتاج إلى سياسة RhD واسم من يأذن بها.
stock-note-sites-silent = بنوك دم لم تُبلِّغ عن شيء منذ مدة طويلة: يُرجى الاتصال قبل الاعتماد على ما لديها.
stock-note-cut-off = الوحدات الواقعة خلف طرق مغلقة تُعدّ على حدة، ولا تُعرض أي منها.
stock-note-hospital-cut-off = لا يوجد الآن طريق سالك من هنا إلى هذا المستشفى.
stock-note-not-shared = المناطق الأخرى معروضة كلٌّ على حدة: لا تُشارك معها الوحدات ما لم يُفتح طريق.

stock-caution-low-titre-required = يلزم عيار منخفض للأجسام المضادة، ساري المفعول عند الصرف.
stock-caution-low-titre-preferred = يُفضَّل عيار منخفض للأجسام المضادة.
stock-caution-second-person-for-child = للطفل أو حديث الولادة تلزم موافقة شخص ثانٍ.
stock-caution-policy-rhd-positive-to-negative = وحدة موجبة لعامل RhD لمريض سالب: وفق السياسة فقط وباسم من يأذن بها.
stock-caution-rhd-negative-preferred = النساء حتى سن الخمسين والأطفال: وحدة سالبة لعامل RhD إن وُجدت، وإلا فالغلوبولين المضاد (anti-D).
stock-caution-spare-rhd-negative = دم سالب لعامل RhD لمريض موجب: عند عدم وجود غيره أو قرب انتهاء صلاحيته فقط.
stock-caution-plasma-compatible-for-child = للطفل تُقدَّم الوحدة المتوافقة البلازما.
