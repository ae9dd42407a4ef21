### The words of pages.

frame-skip = إلى المحتوى
frame-demo = عرض تجريبي: كل الأسماء والأرقام هنا مولَّدة وليست حقيقية.
frame-pages = الصفحات

page-reserve = الاحتياطي
page-drives = حملاتي
page-shelf = رفوفنا
page-docs = وصف الواجهة البرمجية

problem-home = إلى الصفحة الأولى
problem-code = الرمز:

role-admin = الإدارة
role-command = القيادة
role-medic = مسعف الوحدة
role-hospital = مستشفى
role-bank = بنك الدم
role-physician = طبيب

sign-in-title = تسجيل الدخول
sign-in-username = اسم المستخدم
sign-in-password = كلمة المرور
sign-in-new = كلمة المرور الجديدة
sign-in-new-hint = كلمة المرور الحالية اختارها شخص آخر. اختيار كلمة جديدة من { NUMBER($n) } محرفًا على الأقل يُتمّ الدخول.
sign-in-same = كلمة المرور الجديدة هي نفسها الحالية
    .detail = يُرجى اختيار كلمة مرور مختلفة عن الحالية.

weekday-0 = الأحد
weekday-1 = الاثنين
weekday-2 = الثلاثاء
weekday-3 = الأربعاء
weekday-4 = الخميس
weekday-5 = الجمعة
weekday-6 = السبت

month-1 = كانون الثاني
month-2 = شباط
month-3 = آذار
month-4 = نيسان
month-5 = أيار
month-6 = حزيران
month-7 = تموز
month-8 = آب
month-9 = أيلول
month-10 = تشرين الأول
month-11 = تشرين الثاني
month-12 = كانون الأول

day-long = { $weekday } { $day } { $month } { $year }

column-group = الزمرة
column-day = اليوم
column-time = الوقت
column-drive = الحملة
column-governorate = المحافظة
column-status = الحالة
column-booked = محجوز

drive-status-draft = مسودة
drive-status-open = مفتوحة للحجز
drive-status-closed = مغلقة
drive-status-cancelled = ملغاة
drive-status-done = انتهت

drives-title = ما الحملات القادمة؟
drives-caption = حملات التبرع لوحداتي خلال 60 يومًا، الأقرب أولًا.
drives-none = لا توجد حملات قادمة لوحداتي خلال 60 يومًا.
drives-untitled = حملة تبرع بالدم
drives-full = مكتملة

shelf-title = ما الموجود على رفوفنا؟
shelves-title = ما الموجود على الرفوف؟
shelf-empty = لا توجد وحدات على الرفوف.
shelf-caption = وحدات صالحة للصرف، لكل زمرة ومكوّن. بين قوسين ما ينتهي خلال 3 أيام.
shelf-expiring = ({ NUMBER($n) } تنتهي)
shelf-quarantine = في الحجر
shelf-note = وحدات الحجر لم تُفحص بعد ولا تُحسب مع الصالحة للصرف. لكل طلب: عيّنتان، وفحص الأضداد، واختبار التوافق.
