### Words that every page and message shares.

app-name = شريان
app-purpose = التبرع بالدم والحملات والمخزون الاستراتيجي

language-switch = English
language-name = العربية

action-sign-in = تسجيل الدخول
action-sign-out = تسجيل الخروج
action-save = حفظ
action-cancel = إلغاء
action-back = رجوع
action-next = الصفحة التالية
action-retry = إعادة المحاولة
action-search = بحث

word-yes = نعم
word-no = لا
word-none = لا يوجد
word-unknown = غير معروف
word-total = المجموع
word-as-of = حتى تاريخ

blood-group-o-neg = O سالب
blood-group-o-pos = O موجب
blood-group-a-neg = A سالب
blood-group-a-pos = A موجب
blood-group-b-neg = B سالب
blood-group-b-pos = B موجب
blood-group-ab-neg = AB سالب
blood-group-ab-pos = AB موجب

component-whole-blood = دم كامل
component-red-cells = كريات الدم الحمراء المركّزة
component-platelets = صفائح دموية
component-plasma = بلازما
component-cryoprecipitate = الراسب البردي (كرايو)

donation-type-whole-blood = دم كامل
donation-type-double-red-cells = كريات حمراء مضاعفة
donation-type-platelet-apheresis = فصل الصفائح الدموية
donation-type-plasma-apheresis = فصل البلازما

level-green = كافٍ
level-watch = مراقبة
level-amber = منخفض
level-red = حرج
level-black = حرج جدًا
level-unknown = غير معروف

region-west-bank-north = شمال الضفة
region-west-bank-centre = وسط الضفة
region-east-jerusalem = القدس
region-west-bank-south = جنوب الضفة
region-gaza-north = شمال غزة
region-gaza-south = جنوب غزة

governorate-ps-jen = جنين
governorate-ps-tbs = طوباس والأغوار الشمالية
governorate-ps-tkm = طولكرم
governorate-ps-nbs = نابلس
governorate-ps-qqa = قلقيلية
governorate-ps-slt = سلفيت
governorate-ps-rbh = رام الله والبيرة
governorate-ps-jrh = أريحا والأغوار
governorate-ps-jem = القدس
governorate-ps-bth = بيت لحم
governorate-ps-hbn = الخليل
governorate-ps-ngz = شمال غزة
governorate-ps-gza = غزة
governorate-ps-deb = دير البلح
governorate-ps-kys = خان يونس
governorate-ps-rfh = رفح

# An entry of a calendar that a program reads: when, and nothing else.
agenda-entry = نشاط
