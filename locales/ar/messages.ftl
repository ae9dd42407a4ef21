### ما يقرؤه المتبرعون في بريدهم: لا سبب طبيًّا ولا مكان ولا وحدة ولا كلمة تدل على موضوع الموعد.

message-appointment-off-subject = موعدك
message-appointment-off =
    تحية طيبة،

    لا يمكن أن يتم الموعد المرتَّب لك يوم { $day } في الساعة { $time } كما كان مقررًا، فلا داعي للحضور في ذلك الوقت.

    سيتحدث معك من رتَّب الموعد عمّا يلي، ويمكنك سؤاله في أي وقت.
message-appointment-off-short = موعدك يوم { $day } الساعة { $time } لا يمكن أن يتم كما كان مقررًا، فلا داعي للحضور. سيتحدث معك من رتَّبه.
message-appointment-cancelled-subject = أُلغي موعدك
message-appointment-cancelled =
    تحية طيبة،

    أُلغي الموعد المرتَّب لك يوم { $day } في الساعة { $time }، فلا داعي للحضور في ذلك الوقت.

    يمكنك سؤال من رتَّب الموعد عن موعد آخر.
message-appointment-cancelled-short = أُلغي موعدك يوم { $day } الساعة { $time }، فلا داعي للحضور.
message-appointment-confirmed-subject = تأكّد موعدك
message-appointment-confirmed =
    تحية طيبة،

    تأكّد موعدك يوم { $day } في الساعة { $time } بعد موافقتك عليه، وهو في ملف التقويم المرفق.

    إن تعذّر حضورك فيُرجى إخبار من رتَّب الموعد معك.
message-appointment-confirmed-short = تأكّد موعدك يوم { $day } الساعة { $time }.
message-appointment-changed-subject = تغيّر وقت موعدك
message-appointment-changed =
    تحية طيبة،

    صار موعدك يوم { $day } في الساعة { $time }، والوقت الجديد في ملف التقويم المرفق.

    إن تعذّر حضورك فيُرجى إخبار من رتَّب الموعد معك.
message-appointment-changed-short = صار موعدك يوم { $day } الساعة { $time }.
message-reminder-subject = تذكير بموعدك
message-reminder =
    تحية طيبة،

    هذا تذكير بموعدك يوم { $day } في الساعة { $time }.

    إن تعذّر حضورك فيُرجى إخبار من رتَّب الموعد معك.
message-reminder-short = تذكير: موعدك يوم { $day } الساعة { $time }.
message-thank-you-subject = شكرًا لك
message-thank-you =
    تحية طيبة،

    شكرًا لحضورك يوم { $day }، فهو يعني الكثير لأناس قد لا تلتقي بهم أبدًا.

    إن خطر لك أي أمر بعد ذلك فيُرجى إخبار من رتَّب الأمر معك، في أي وقت.
message-thank-you-short = شكرًا لحضورك يوم { $day }. إن خطر لك أي أمر بعد ذلك فأخبر من رتَّب الأمر معك، في أي وقت.
message-gift-used-subject = كلمة شكر
message-gift-used =
    تحية طيبة،

    ما أعطيته يوم { $day } أعان إنسانًا. لن يعرف اسمك ولن تعرف اسمه، وفي ذلك ما يسرّكما معًا.

    شكرًا لك.
message-gift-used-short = ما أعطيته يوم { $day } أعان إنسانًا. شكرًا لك.
message-entry = موعد
message-automatic = كُتبت هذه الرسالة آليًّا، ولا يقرأ أحدٌ الردود عليها.
message-appointment-proposed-subject = وقت مقترح لك
message-appointment-proposed =
    مرحبًا،

    يُقترح عليك وقت في { $day } عند { $time }. لا يُلزمك بشيء حتى تقول نعم، ولا ينتظر أحد سببًا إن لم تقلها.
message-appointment-proposed-short = يُقترح عليك وقت في { $day } عند { $time }. لا يُلزمك بشيء حتى تقول نعم لمن رتّبه.
message-eligible-again-subject = يمكنك المجيء ثانية
message-eligible-again =
    مرحبًا،

    جئت في { $day }. من اليوم يمكنك المجيء ثانية إن ناسبك. ولا ينتظر أحد جوابًا.
message-eligible-again-short = جئت في { $day }. من اليوم يمكنك المجيء ثانية إن ناسبك.
message-invitation-subject = دعوة لك
message-invitation =
    مرحبًا،

    ندعوك في { $day }. اختر وقتًا يناسبك بالرابط أدناه، أو اتركه: لا ينتظر أحد جوابًا.
message-invitation-short = ندعوك في { $day }. إن ناسبك فاسأل من يهتم بأمرك عن وقت.
message-level-changed-subject = هناك ما يستدعي النظر
message-level-changed =
    مرحبًا،

    تغيّر رقم تتابعه في { $day } الساعة { $time }. سجّل الدخول لترى أيّها وما العمل.
message-level-changed-short = تغيّر رقم تتابعه في { $day } الساعة { $time }. سجّل الدخول لترى أيّها وما العمل.
message-request-moved-subject = هناك ما يستدعي النظر
message-request-moved =
    مرحبًا،

    تقدّم أمر طلبته مؤسستكم في { $day } الساعة { $time }. سجّل الدخول لترى أين وصل.
message-request-moved-short = تقدّم أمر طلبته مؤسستكم في { $day } الساعة { $time }. سجّل الدخول لترى أين وصل.
message-account-changed-subject = تغيّر حسابك
message-account-changed =
    مرحبًا،

    غيّر المدير حسابك في { $day } الساعة { $time }. إن لم يخبرك أحد فاسأله.
message-account-changed-short = غيّر المدير حسابك في { $day } الساعة { $time }. إن لم يخبرك أحد فاسأله.
message-link-sign-in = تسجيل الدخول
message-link-accept = نعم، سآتي
message-link-cancel = لا أستطيع المجيء
message-link-move = اختر وقتًا آخر
message-link-book = اختر وقتًا
message-link-tell = طرأ شيء بعد ذلك
message-link-speak = طرأ شيء بعد ذلك
message-link-aftercare = ما ينفعك الآن
message-link-card = صفحتك
message-link-pause = توقّف لفترة
message-link-stop = أوقف هذه الرسائل
