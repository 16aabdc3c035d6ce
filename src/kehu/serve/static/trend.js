// Bars and lines by day, in the colours of the theme; a click on a value leads to the rows behind it.
"use strict";

function drawTrend(place) {
  const option = JSON.parse(place.dataset.trend);
  const links = JSON.parse(place.dataset.links);
  const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
  const ink = css("--ink");
  const soft = { axisLine: { lineStyle: { color: css("--line-strong") } }, axisLabel: { color: css("--ink-soft") } };
  chart.setOption({
    ...option,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    tooltip: { ...option.tooltip, backgroundColor: css("--paper"), borderColor: css("--line"), textStyle: { color: ink } },
    legend: { ...option.legend, textStyle: { color: ink } },
    xAxis: { ...option.xAxis, ...soft },
    yAxis: { ...option.yAxis, ...soft, splitLine: { lineStyle: { color: css("--line") } } },
    series: option.series.map((one, index) => ({
      ...one, color: css(`--slice-${index % 9}`), cursor: links[one.name] ? "pointer" : "default",
    })),
  }, true);
  chart.off("click");
  chart.on("click", ({ seriesName }) => {
    if (links[seriesName]) location.assign(links[seriesName]);
  });
}

function drawTrends() {
  if (window.echarts) document.querySelectorAll("[data-trend]").forEach(drawTrend);
}

document.addEventListener("kehu:theme", drawTrends);
addEventListener("resize", () => {
  if (window.echarts) document.querySelectorAll("[data-trend]").forEach((place) => echarts.getInstanceByDom(place)?.resize());
});
// Behind kehu.js, whose css() it uses.
addEventListener("DOMContentLoaded", drawTrends);
