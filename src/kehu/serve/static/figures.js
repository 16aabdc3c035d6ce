// The charts of analysis in the colours of the theme; a click on a part lists its customers, and each can be kept.
"use strict";

const number = (value) => value.toLocaleString(document.documentElement.lang);
const scale = () => [css("--paper"), css("--brand")];

// What each kind of chart is beside its numbers.
const drawings = {
  bars: (option, soft, leads) => ({
    xAxis: { ...option.xAxis, ...soft, axisLabel: { ...option.xAxis.axisLabel, ...soft.axisLabel } },
    yAxis: { ...option.yAxis, ...soft },
    series: option.series.map((one) => ({
      ...one, color: css("--slice-0"), cursor: leads ? "pointer" : "default",
      data: one.data.map((bar) => untold(bar.code) ? { ...bar, itemStyle: { color: css("--slice-none") } } : bar),
    })),
  }),
  stacked: (option, soft, leads) => ({
    legend: { ...option.legend, textStyle: { color: css("--ink") } },
    xAxis: { ...option.xAxis, ...soft }, yAxis: { ...option.yAxis, ...soft },
    series: option.series.map((one, index) => ({ ...one, color: css(`--slice-${index % 9}`), cursor: leads ? "pointer" : "default" })),
  }),
  heat: (option, soft, leads) => ({
    xAxis: { ...option.xAxis, ...soft, nameTextStyle: { color: css("--ink-soft") } },
    yAxis: { ...option.yAxis, ...soft, nameTextStyle: { ...option.yAxis.nameTextStyle, color: css("--ink-soft") } },
    visualMap: shaded(option),
    series: option.series.map((one) => ({
      ...one, data: legible(option), cursor: leads ? "pointer" : "default", itemStyle: edge(),
      label: { ...one.label, formatter: ({ value }) => number(value[2]) },
    })),
  }),
  tiles: (option, soft, leads) => ({
    visualMap: shaded(option),
    tooltip: { ...option.tooltip, formatter: ({ data }) => `${data.name}　<b>${number(data.value[2])}</b>　${data.percent.toFixed(1)}%` },
    series: option.series.map((one) => ({
      ...one, data: legible(option), cursor: leads ? "pointer" : "default", itemStyle: { ...edge(), borderRadius: 4 },
      label: { show: true, lineHeight: 15, formatter: ({ data }) => `${data.name}\n${number(data.value[2])}` },
    })),
  }),
  flow: (option, soft, leads) => ({
    series: option.series.map((one) => ({
      ...one, cursor: leads ? "pointer" : "default", data: one.data.map((node) => ({ ...node, itemStyle: { color: ofChannel(one.data, node.name.slice(2)) } })),
      label: { color: css("--ink") }, lineStyle: { color: "source", opacity: .35 },
      tooltip: { formatter: ({ dataType, data, value, name }) => dataType === "edge" ? `${data.source.slice(2)} → ${data.target.slice(2)}　<b>${number(data.value)}</b>` : `${name.slice(2)}　<b>${number(value)}</b>` },
    })),
  }),
};

// A channel has one colour on both sides.
function ofChannel(nodes, code) {
  const codes = [...new Set(nodes.map(({ name }) => name.slice(2)).filter((name) => !untold(name)))];
  return css(untold(code) ? "--slice-none" : `--slice-${codes.indexOf(code) % 9}`);
}

const edge = () => ({ borderColor: css("--paper"), borderWidth: 2 });
const shaded = (option) => ({ ...option.visualMap, inRange: { color: scale() }, textStyle: { color: css("--ink-soft") } });

// Cells are written on in that colour which stands out from theirs.
function legible(option) {
  const [from, to, ink] = [...scale(), css("--ink")].map(parts);
  return option.series[0].data.map((cell) => {
    const share = cell.value[2] / (option.visualMap.max || 1);
    const ground = from.map((part, at) => part + share * (to[at] - part));
    return { ...cell, label: { color: contrast(ground, ink) > contrast(ground, from) ? css("--ink") : css("--paper") } };
  });
}

const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
// How light a colour is, and how much two differ, as WCAG 2 reckons it.
const light = (colour) => colour.map((part) => part / 255).map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
  .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], .05);
const contrast = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));

function option(place) {
  const told = JSON.parse(place.dataset.figure);
  const ink = css("--ink");
  const fontFamily = getComputedStyle(document.body).fontFamily;
  const soft = {
    // ECharts keeps room for labels by the font that is named beside them; that of the whole chart it forgets there.
    axisLine: { lineStyle: { color: css("--line-strong") } }, axisLabel: { color: css("--ink-soft"), fontFamily },
    splitLine: { lineStyle: { color: css("--line") } },
  };
  return {
    ...told,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily, color: ink },
    ...drawings[place.dataset.drawn](told, soft, place.dataset.leadsTo),
  };
}

function drawFigure(place) {
  const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
  const drawn = option(place);
  drawn.tooltip = { ...drawn.tooltip, backgroundColor: css("--paper"), borderColor: css("--line"), textStyle: { color: css("--ink") } };
  chart.setOption(drawn, true);
  chart.off("click");
  chart.on("click", ({ data }) => {
    const leads = place.dataset.leadsTo;
    if (leads && data && data.code && data.code !== "*") location.assign(leads + encodeURIComponent(data.code));
  });
}

// A picture of a chart as a file, on paper of its own.
function keep(place, kind) {
  const canvas = document.createElement("div");
  const size = { width: Math.max(place.clientWidth, 640), height: Math.max(place.clientHeight, 360) };
  const chart = echarts.init(canvas, null, { renderer: kind === "svg" ? "svg" : "canvas", ...size });
  chart.setOption({ ...echarts.getInstanceByDom(place).getOption(), animation: false });
  const link = document.createElement("a");
  link.href = chart.getDataURL({ type: kind, pixelRatio: 2, backgroundColor: css("--paper") });
  link.download = `${place.closest("section").querySelector("[data-keeps]").dataset.keeps}.${kind}`;
  link.click();
  chart.dispose();
}

function offer(place) {
  const aside = place.closest("section").querySelector("[data-keeps]");
  for (const kind of ["png", "svg"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "keep";
    button.textContent = kind.toUpperCase();
    button.addEventListener("click", () => keep(place, kind));
    aside.append(" ", button);
  }
}

function drawFigures() {
  if (window.echarts) document.querySelectorAll("[data-figure]").forEach(drawFigure);
}

document.addEventListener("kehu:theme", drawFigures);
addEventListener("resize", () => {
  if (window.echarts) document.querySelectorAll("[data-figure]").forEach((place) => echarts.getInstanceByDom(place)?.resize());
});
// Behind kehu.js, whose css() it uses.
addEventListener("DOMContentLoaded", () => {
  drawFigures();
  if (window.echarts) document.querySelectorAll(".dashboard .chart").forEach(offer);
});
// On paper a table is read, not opened, and charts are as wide as the page.
addEventListener("beforeprint", () => {
  document.querySelectorAll(".dashboard details").forEach((one) => { one.open = true; });
});
