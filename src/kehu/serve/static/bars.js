// The bars of figures, in the colours of the theme; a click on one lists its customers, the small sign keeps a picture.
"use strict";

function drawBars(place) {
  const option = JSON.parse(place.dataset.bars);
  const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
  const ink = css("--ink");
  const soft = {
    axisLine: { lineStyle: { color: css("--line-strong") } }, axisLabel: { color: css("--ink-soft") },
    splitLine: { lineStyle: { color: css("--line") } },
  };
  const leads = place.dataset.leadsTo;
  chart.setOption({
    ...option,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    tooltip: { ...option.tooltip, backgroundColor: css("--paper"), borderColor: css("--line"), textStyle: { color: ink } },
    toolbox: { right: 8, top: 0, iconStyle: { borderColor: css("--ink-soft") }, feature: { saveAsImage: { type: "svg", title: "SVG" } } },
    xAxis: { ...option.xAxis, ...soft },
    yAxis: { ...option.yAxis, ...soft },
    series: option.series.map((one) => ({ ...one, color: css("--slice-0"), cursor: leads ? "pointer" : "default" })),
  }, true);
  chart.off("click");
  chart.on("click", ({ data }) => {
    if (leads && data && data.code !== "*") location.assign(leads + encodeURIComponent(data.code));
  });
}

function drawAllBars() {
  if (window.echarts) document.querySelectorAll("[data-bars]").forEach(drawBars);
}

document.addEventListener("kehu:theme", drawAllBars);
addEventListener("resize", () => {
  if (window.echarts) document.querySelectorAll("[data-bars]").forEach((place) => echarts.getInstanceByDom(place)?.resize());
});
// Behind kehu.js, whose css() it uses.
addEventListener("DOMContentLoaded", drawAllBars);
