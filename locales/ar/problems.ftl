### One message for each problem code: what happened, and in `.detail` what to do about it.

problem-malformed-json = الطلب ليس بصيغة JSON سليمة
    .detail = يجب أن يكون نص الطلب مستند JSON واحدًا كاملًا بترميز UTF-8.

problem-unknown-field = حقل غير معروف
    .detail = يُرجى حذف الحقل المذكور أدناه أو تصحيح اسمه.

problem-unknown-parameter = معامل في العنوان غير معروف أو مكرر
    .detail = يُرجى حذف المعامل المذكور أدناه أو تصحيح اسمه أو ذكره مرة واحدة فقط.

problem-missing-field = حقل مطلوب غير موجود
    .detail = يُرجى إضافة الحقل المذكور أدناه.

problem-wrong-type = نوع القيمة في أحد الحقول غير صحيح
    .detail = يُرجى كتابة الحقل المذكور أدناه بالنوع المبيَّن في وصف الواجهة.

problem-invalid-value = قيمة غير مقبولة
    .detail = يُرجى تصحيح الحقل المذكور أدناه.

problem-out-of-range = القيمة خارج النطاق المسموح
    .detail = يُرجى إدخال قيمة ضمن النطاق المسموح.

problem-bad-text = النص يحتوي على محارف غير مقبولة
    .detail = يُرجى حذف محارف التحكم والمحارف المخفية والحروف المختلطة من لغات مختلفة.

problem-body-too-large = حجم الطلب أكبر من المسموح
    .detail = يُرجى إرسال بيانات أقل في المرة الواحدة؛ للملفات حد خاص بها.

problem-unsupported-media-type = نوع المحتوى غير مدعوم
    .detail = يُرجى إرسال الطلب بالنوع application/json.

problem-invalid-request = بعض الحقول تحتاج إلى تصحيح
    .detail = يُرجى تصحيح الحقول المذكورة أدناه؛ القائمة كاملة.

problem-cursor-invalid = رابط الصفحة لم يعد صالحًا
    .detail = يُرجى البدء من الصفحة الأولى للقائمة.

problem-idempotency-key-missing = الترويسة Idempotency-Key غير موجودة
    .detail = يُرجى إرسال مفتاح جديد مع كل طلب جديد، والمفتاح نفسه عند تكرار الطلب.

problem-idempotency-key-invalid = الترويسة Idempotency-Key غير صالحة
    .detail = يُرجى استخدام 8 إلى 64 محرفًا ظاهرًا من محارف ASCII.

problem-idempotency-key-reused = سبق استخدام Idempotency-Key هذا لطلب مختلف
    .detail = يُرجى استخدام مفتاح جديد لكل طلب جديد.

problem-idempotency-in-progress = الطلب نفسه قيد التنفيذ
    .detail = يُرجى الانتظار لحظة ثم تكرار الطلب بالمفتاح نفسه.

problem-method-not-allowed = الطريقة المستخدمة غير متاحة لهذا العنوان
    .detail = تبيّن الترويسة Allow الطرق المتاحة.

problem-not-found = غير موجود
    .detail = لا يوجد في هذا العنوان ما هو متاح لهذا الحساب.

problem-if-match-missing = لم تُذكر النسخة التي رأيتها من السجل
    .detail = اقرأ السجل، ثم أرسل قيمة ETag الخاصة به في الترويسة If-Match.

problem-version-stale = تغيّر هذا السجل في هذه الأثناء
    .detail = لم يتغيّر شيء. اقرأ السجل من جديد، ثم كرّر ما لا يزال لازمًا.

problem-unauthenticated = يلزم تسجيل الدخول
    .detail = يُرجى تسجيل الدخول ثم إعادة المحاولة.

problem-token-invalid = رمز الدخول غير صالح
    .detail = يُرجى تسجيل الدخول من جديد.

problem-token-expired = انتهت صلاحية رمز الدخول
    .detail = يُرجى تجديده برمز التجديد أو تسجيل الدخول من جديد.

problem-bad-credentials = اسم المستخدم أو كلمة المرور غير صحيحة
    .detail = يُرجى التحقق منهما وإعادة المحاولة. بعد عدة محاولات غير ناجحة يلزم انتظار قصير.

problem-password-change-required = يلزم تغيير كلمة المرور أولًا
    .detail = يُرجى اختيار كلمة مرور جديدة ثم المتابعة.

problem-refresh-invalid = تعذّر تجديد الجلسة
    .detail = يُرجى تسجيل الدخول من جديد.

problem-refresh-reused = أُغلقت الجلسة حفاظًا على الأمان
    .detail = استُخدم رمز التجديد مرتين. يُرجى تسجيل الدخول من جديد وإبلاغ مسؤول النظام إذا كان ذلك غير متوقع.

problem-forbidden = هذا الحساب لا يملك صلاحية لهذا الإجراء
    .detail = يُرجى مراجعة مسؤول النظام إذا كانت الصلاحية لازمة للعمل.

problem-second-person-required = يلزم شخص ثانٍ
    .detail = لا يقرّر من قدّم الطلب، ولا حساب أنشأ الحساب الآخر أو أُنشئ منه خلال ثلاثين يومًا. اطلب ذلك من زميل.

problem-cross-site-refused = النموذج لم يُرسل من هذا الموقع
    .detail = يُرجى فتح الصفحة من جديد وتكرار الخطوة.

problem-state-conflict = تغيّرت حالة السجل ولم يعد هذا الإجراء ممكنًا
    .detail = يُرجى تحديث البيانات ثم اتخاذ القرار من جديد.

problem-code-taken = هذا الرمز مستخدم من قبل
    .detail = يُرجى اختيار رمز آخر.

problem-unknown-reference = الطلب يشير إلى ما لا وجود له
    .detail = يُرجى تصحيح الحقل المذكور أدناه.

problem-donor-already-registered = هذا المتبرع مسجَّل من قبل
    .detail = يُرجى فتح السجل القائم.

problem-donor-unbookable = لا يمكن الحجز لهذا المتبرع حاليًا
    .detail = السجل بانتظار المراجعة أو مغلق أمام الحجز.

problem-not-eligible = غير متاح للتبرع حاليًا
    .detail = إن وُجد تاريخ في الرد فهو موعد إعادة السؤال؛ التفاصيل لدى بنك الدم.

problem-already-booked = يوجد موعد محجوز في هذه الحملة أو في اليوم نفسه
    .detail = لاختيار وقت آخر يُرجى إلغاء الموعد الحالي أولًا.

problem-slot-full = هذا الوقت مكتمل
    .detail = يُرجى اختيار وقت آخر في الحملة نفسها.

problem-drive-full = الحملة مكتملة
    .detail = يُرجى اختيار حملة أخرى أو يوم آخر.

problem-drive-closed = الحملة غير مفتوحة للحجز
    .detail = يُرجى اختيار حملة أخرى.

problem-unit-absent = الوحدة غير متاحة في هذا اليوم
    .detail = يُرجى اختيار يوم آخر أو وحدة أخرى.

problem-din-invalid = رقم التبرع غير صالح
    .detail = يُرجى مسح الملصق من جديد أو التحقق من كل محرف.

problem-din-used = رقم التبرع مستخدم من قبل
    .detail = يُرجى استخدام ملصق جديد وحفظ هذا الملصق جانبًا وإبلاغ بنك الدم.

problem-group-unknown = زمرة الدم غير مؤكدة بما يكفي
    .detail = يُرجى انتظار الزمرة المؤكدة من المختبر.

problem-group-discrepancy = يوجد اختلاف بين سجلّين لزمرة الدم
    .detail = يُرجى التوقف إلى أن يحسم المختبر الاختلاف قبل صرف أي وحدة.

problem-unit-expired = انتهت صلاحية وحدة الدم
    .detail = يُرجى اختيار وحدة أخرى؛ هذه الوحدة تُتلف.

problem-unit-incompatible = وحدة الدم لا تناسب هذا الطلب
    .detail = يُرجى اختيار وحدة أخرى من المكوّن المطلوب ومن زمرة في جدوله؛ لا يُستثنى من ذلك أحد.

problem-identity-damaged = تعذّر فتح بيانات الهوية لهذا السجل
    .detail = لم يُعرض شيء ولم يتغير شيء. يُرجى إبلاغ مسؤول النظام.

problem-password-too-short = كلمة المرور قصيرة
    .detail = يُرجى استخدام 12 محرفًا على الأقل؛ عدة كلمات معًا أسهل للتذكر.

problem-password-too-common = كلمة المرور شائعة
    .detail = يُرجى اختيار كلمة مرور غير موجودة في قوائم الكلمات المعروفة.

problem-national-id-invalid = رقم الهوية غير صالح
    .detail = يُرجى مطابقة الرقم مع الوثيقة.

problem-phone-invalid = رقم الهاتف غير صالح
    .detail = يُرجى إدخال رقم محلي أو رقم مع رمز الدولة.

problem-email-invalid = عنوان البريد الإلكتروني غير صالح
    .detail = يُرجى إدخال عنوان مثل name@example.org.

problem-name-invalid = الاسم غير مقبول
    .detail = يُرجى كتابة كل جزء من الاسم بأحرف لغة واحدة ومن دون أرقام أو رموز.

problem-date-invalid = التاريخ غير صالح
    .detail = يُرجى كتابة التاريخ بصيغة سنة-شهر-يوم مثل 2026-03-01.

problem-busy = الخدمة مشغولة الآن
    .detail = لم يتغير شيء. يُرجى إعادة المحاولة بعد لحظة.

problem-not-ready = الخدمة غير جاهزة بعد
    .detail = الخدمة قيد التشغيل. يُرجى إعادة المحاولة بعد لحظة.

problem-search-warming = البحث بالأسماء غير جاهز بعد
    .detail = يُبنى فهرس الأسماء بعد التشغيل وسائر الخدمة متاحة. يُرجى إعادة المحاولة بعد ثوانٍ أو البحث برقم.

problem-too-many-requests = عدد الطلبات كبير
    .detail = يُرجى الانتظار المدة المذكورة ثم إعادة المحاولة.

problem-internal = حدث خلل من جهتنا
    .detail = لا تُعرض تفاصيل السبب هنا. يُرجى تزويد مسؤول النظام برقم الطلب.
