### تخطيط الحملات وأسبوع من يخطّطها.

page-week = أسبوعي
week-title = ماذا في هذا الأسبوع؟
week-caption = الأماكن المحجوزة في كل موعد من أصل المتاح. الموعد المكتمل مشطوب ومخطّط.
week-from = أسبوع يبدأ في
week-before = الأسبوع السابق
week-this = هذا الأسبوع
week-after = الأسبوع التالي
week-days = الأيام
week-all-units = كل وحداتي
week-booked = محجوز
week-women = للنساء
week-lane =
    { $n ->
        [one] مكان واحد في كل موعد لمن يأتي بلا موعد
        [two] مكانان في كل موعد لمن يأتي بلا موعد
        [few] { $n } أماكن في كل موعد لمن يأتي بلا موعد
       *[other] { $n } مكانًا في كل موعد لمن يأتي بلا موعد
    }
week-closed = طرق مغلقة: { $where }
week-none = لا شيء مخطّط في هذا الأسبوع.
week-more = في هذا الأسبوع حملات أكثر مما يُعرض: اختر وحدة.
column-unit-of = الوحدة
action-plan-drive = خطّط حملة
absence-kind-deployed = في مهمة
absence-kind-alert = في حالة تأهّب
absence-kind-leave = في إجازة

weekday-name-sunday = الأحد
weekday-name-monday = الاثنين
weekday-name-tuesday = الثلاثاء
weekday-name-wednesday = الأربعاء
weekday-name-thursday = الخميس
weekday-name-friday = الجمعة
weekday-name-saturday = السبت

input-at-least = على الأقل
input-at-most = على الأكثر
input-since = منذ، إن عُرف
input-between = بين

drive-title = حملة
drive-new-title = كيف ستكون هذه الحملة؟
drive-from-blueprint = ابدأ من نموذج:
drive-part-where = المكان والوحدة
drive-part-when = الوقت
drive-part-room = السعة
drive-part-terms = الشروط
drive-part-targets = الوحدات المطلوبة حسب الزمرة
drive-field-title = الاسم
drive-field-unit = الوحدة
drive-field-governorate = المحافظة
drive-field-place = المكان
drive-place-hint = يظهر لمن يدير الحملة، ولمن دُعي قبل يومين منها.
drive-field-facility = بنك الدم الذي يجمع
drive-no-facility = غير معروف بعد
drive-field-date = اليوم
drive-field-from = من
drive-field-to = إلى
drive-field-last = حتى يوم
drive-last-hint = لحملات متشابهة في أيام كثيرة: حدّد أيام الأسبوع أيضًا. اتركه فارغًا لحملة واحدة.
drive-field-weekdays = في أيام الأسبوع هذه
drive-field-slot-minutes = دقائق الموعد الواحد
drive-field-beds = الأسرّة
drive-field-staff = عدد من يجمعون
drive-field-walk-ins = أماكن في كل موعد لمن يأتي بلا موعد
drive-field-donation-types = ما يُجمع فيها
drive-field-breaks = الاستراحة
drive-field-break-from = استراحة من
drive-field-break-to = استراحة حتى
drive-field-women = للنساء
drive-field-women-from = للنساء من
drive-field-women-to = للنساء حتى
drive-field-at-prayer = في وقت صلاة الجمعة أيضًا
drive-field-for-unfasting = في ساعات الصيام أيضًا، لمن لا يصوم
drive-field-outdoor = في الهواء الطلق
drive-field-high-c = درجة الحرارة المتوقعة، مئوية
drive-field-overbook = احجز أكثر حيث يأتي القليل ممن حجزوا
drive-field-show-per-cent = من كل مئة حجزوا يأتي
drive-show-hint = بحسب سجلّ الوحدة ما لم يُذكر.
drive-field-draft = احفظها مسودة
drive-field-targets = الوحدات المطلوبة
drive-field-name = اسم النموذج
drive-field-sure = أعلم أن كل من لديه موعد سيُبلَّغ.
action-preview = انظر أولًا
action-save-drive = خطّطها
action-keep-blueprint = احفظها نموذجًا
drive-keep = احفظ هذا الشكل باسم
drive-preview = كيف ستكون
drive-eligible =
    { $n ->
        [zero] لا أحد من متبرعي الوحدة يستطيع التبرع في ذلك اليوم.
        [one] متبرع واحد من الوحدة يستطيع التبرع في ذلك اليوم.
        [two] متبرعان من الوحدة يستطيعان التبرع في ذلك اليوم.
        [few] { $n } متبرعين من الوحدة يستطيعون التبرع في ذلك اليوم.
       *[other] { $n } متبرعًا من الوحدة يستطيعون التبرع في ذلك اليوم.
    }
drive-show = من كل مئة حجزوا يأتي { $n }.
drive-places = الأماكن
drive-come = قد يأتي
drive-units = الوحدات
drive-notes = ما يعترضها، وأيّ يوم هو
drive-by-group = الوحدات المتوقعة حسب الزمرة
drive-preview-note = لم يُكتب شيء بعد. المتوقع هو ما قد يقدّمه متبرعو الوحدة إذا حُجز كل مكان يمكنهم ملؤه.
drive-left-out = { $time } متروك: { $why }
kept-free-friday-prayer = صلاة الجمعة
kept-free-fasting = ساعات الصيام
drive-clash-block = الوحدة مشغولة: { $branch }. لا يُحجز لمن يشارك.
drive-clash-warn = الوحدة مشغولة: { $branch }. لا يُحجز لمن يشارك إلا بسبب.
drive-clashes = ما تعمله الوحدات أيضًا حينها
drive-clash-blocks = لا يُحجز لمن يشارك.
drive-clash-warns = لا يُحجز لمن يشارك إلا بسبب.
drive-slots = المواعيد
drive-waiting = ينتظرون مكانًا
drive-in-person = يُبلَّغون شخصيًا
drive-copy = مثلها في يوم آخر
drive-call-off = إلغاء الحملة
action-publish = افتح الحجز
action-close-booking = أوقف الحجز
action-reopen = افتح الحجز ثانية
action-copy-drive = خطّطها في ذلك اليوم
action-call-off = ألغِ الحملة
action-drive-day = يوم الحملة
action-drive-day-now = أدِر حملة اليوم
action-book-donors = احجز لمتبرعين
drive-invite = ادعُ متبرعين برسالة
drive-invite-note = متبرعو الوحدة الذين يستطيعون التبرع في ذلك اليوم، ويقبلون الرسائل، وليس لهم مكان بعد، ولم يُدعوا من قبل. لا يُقال من هم، ولا تقول الرسالة أين ولا لماذا.
drive-field-groups = الزمر؛ بلا اختيار: أيّ زمرة
drive-invite-hours = إن ذكرت ساعات اختاروا منها ما دام فيها مكان، وإلا فمن كل الساعات. لا تذكر الرسالة ساعة.
drive-field-most = العدد الأقصى
action-invite = ادعُهم
page-call = للاتصال
call-title = بمن أتصل اليوم؟
call-any = أيّ زمرة
call-any-unit = أيّ وحدة
call-note = فقط من يستطيعون التبرع بالدم الكامل اليوم، ولم يرفضوا الاتصال، وليس لهم موعد قادم. لا يُعرض التبرع قبل أوانه أبدًا.
call-none = لا أحد من هذه الزمرة والوحدة يستطيع التبرع اليوم.
call-caption = من سُئل أو اتُّصل به منذ زمن أطول أولًا. افتح السجل لترى لمن هو.
call-asked = آخر دعوة برسالة
call-never = أبدًا
call-called = آخر اتصال
call-outcome = نتيجة الاتصال
call-will-come = سيأتي
call-later = يُسأل لاحقًا
call-no-answer = لم يُجب
call-wrong-number = رقم خطأ
call-no-more-calls = لا يريد اتصالات بعد اليوم
action-note = سجّل
