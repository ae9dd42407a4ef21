### Where is it, and where is it going.

page-where = أين
page-ahead = إلى أين

where-title = أين يقع النقص؟
where-tiles = المحافظات كما تقع، الشمال في الأعلى
where-caption = المحافظات، الأسوأ أولًا، من صفر إلى { $end } يوم. الخط المتصل: الهدف { $target }. المنقّط: حدّ التوقف { $stop }.
where-cut = معزولة: طرقها مغلقة
where-cut-short = معزولة
where-reaches = تصل إلى { $names } فقط
where-note = كل محافظة بما على رفوفها وحدها؛ وما تتقاسمه المنطقة في صفحة «الليلة». الإطار المقطّع: الطرق مغلقة.
