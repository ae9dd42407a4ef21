### What a projection assumes: `assumption-<code>`.

assumption-demand-as-last-8-weeks = يستمر الطلب كما كان في الأسابيع الثمانية الأخيرة بحسب أيام الأسبوع، ويتسع النطاق بقدر أخطاء الماضي.
assumption-supply-as-last-8-weeks = تُستلم الوحدات كما في الأسابيع الثمانية الأخيرة بحسب أيام الأسبوع، والوحدات التي في الحجر جزء منها ولا تُضاف إليها.
assumption-plans-not-read = لا تُحسب حملات التبرع المخططة ولا الأعياد ولا الإغلاقات ولا الطوارئ.
assumption-first-to-expire-first = تُصرف أولًا الوحدة الأقرب انتهاءً، والطلب الذي لا يُلبّى يُعدّ فائتًا ولا يؤجَّل.
assumption-own-group-only = تُغطّى كل زمرة بوحداتها وحدها.
assumption-full-life-less-2-days = تُستلم الوحدات بعد يومين من سحبها ولها ما بقي من مدة الصلاحية المعتادة للمكوّن.
assumption-silent-days-are-zero = اليوم الذي لا قيد فيه يُعدّ يومًا بلا حركة.
assumption-no-sharing-between-regions = لا ينتقل دم بين مناطق المشاركة ولا تُجمع أرقامها.
assumption-no-history = حيث لم يتحرك شيء قط لا يوجد ما يُبنى عليه التقدير.
