// The little that pages do by themselves. Everything here has a way without it: a table, a link, a button.
"use strict";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Whoever states nothing, and the rest, are no group: their part is grey.
const untold = (code) => code === "-" || code === "*";

// A pie in the colours of the theme; a click on a slice lists its customers.
function draw(place) {
  const option = JSON.parse(place.dataset.chart);
  const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
  const ink = css("--ink");
  const series = option.series[0];
  series.data.forEach((slice, index) => {
    slice.itemStyle = { color: css(untold(slice.code) ? "--slice-none" : `--slice-${index % 9}`) };
    slice.tooltip = { formatter: `{b}　<b>${slice.value.toLocaleString(document.documentElement.lang)}</b>　${slice.percent.toFixed(1)}%` };
  });
  chart.setOption({
    ...option,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    tooltip: { ...option.tooltip, backgroundColor: css("--paper"), borderColor: css("--line"), textStyle: { color: ink } },
    title: {
      text: place.dataset.total, subtext: place.dataset.totalWords, left: "center", top: "42%", itemGap: 4,
      textStyle: { fontSize: 24, fontWeight: 600, color: ink }, subtextStyle: { fontSize: 12, color: css("--ink-soft") },
    },
    series: [{
      ...series, cursor: place.dataset.leadsTo ? "pointer" : "default",
      itemStyle: { borderColor: css("--paper"), borderWidth: 2 },
      label: { color: ink, formatter: ({ data }) => `${data.name}\n${data.percent.toFixed(1)}%`, lineHeight: 17, overflow: "break", width: 84, fontSize: 13 }, labelLine: { length: 18, length2: 8, lineStyle: { color: css("--line-strong") } },
      emphasis: { scaleSize: 4 },
    }],
  }, true);
  chart.off("click");
  chart.on("click", ({ data }) => {
    if (place.dataset.leadsTo && data && data.code !== "*") location.assign(place.dataset.leadsTo + encodeURIComponent(data.code));
  });
}

// The records of a customer as dots and their links as lines; a click on a line explains the pair.
function drawGraph(place) {
  const { nodes, edges } = JSON.parse(place.dataset.graph);
  const chart = echarts.getInstanceByDom(place) || echarts.init(place, null, { renderer: "svg" });
  const colours = { linked: css("--good"), refused: css("--bad"), doubtful: css("--warn") };
  const heaviest = Math.max(...edges.map((edge) => Math.abs(edge.weight)), 1);
  // On an ellipse as wide as the place allows; two stand side by side.
  const [wide, high] = [place.clientWidth / 2 - 110, place.clientHeight / 2 - 40];
  const at = (index) => 2 * Math.PI * index / nodes.length - Math.PI / (nodes.length > 2 ? 2 : 1);
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: css("--ink") },
    tooltip: { backgroundColor: css("--paper"), borderColor: css("--line"), textStyle: { color: css("--ink") } },
    series: [{
      type: "graph", layout: "none", left: 110, right: 110, top: 30, bottom: 50, roam: false,
      edgeLabel: { show: edges.length <= 12, formatter: ({ data }) => data.weight.toFixed(1), color: css("--ink"), backgroundColor: css("--paper"), padding: [1, 3], fontSize: 11 },
      label: { show: true, position: "bottom", formatter: "{b}", color: css("--ink"), fontSize: 12, width: 130, overflow: "truncate" },
      data: nodes.map((node, index) => ({
        ...node, x: wide * Math.cos(at(index)), y: high * Math.sin(at(index)), symbolSize: 20,
        itemStyle: node.mine
          ? { color: css(`--slice-${node.kind % 9}`), borderColor: css("--paper"), borderWidth: 2 }
          : { color: css("--paper"), borderColor: css(`--slice-${node.kind % 9}`), borderWidth: 3 },
        tooltip: { formatter: () => node.name },
      })),
      links: edges.map((edge) => ({
        ...edge,
        lineStyle: {
          color: colours[edge.state], width: 1 + 3 * Math.abs(edge.weight) / heaviest, curveness: .08,
          type: edge.state === "linked" ? "solid" : "dashed", opacity: .85,
        },
        tooltip: { formatter: () => edge.weight.toFixed(1) },
      })),
    }],
  }, true);
  chart.off("click");
  chart.on("click", ({ dataType, data }) => {
    if (dataType === "edge") location.assign(`/explain/${data.source}/${data.target}`);
  });
}

function drawAll() {
  if (!window.echarts) return;
  document.querySelectorAll("[data-chart]").forEach(draw);
  document.querySelectorAll("[data-graph]").forEach(drawGraph);
}

document.addEventListener("kehu:theme", drawAll);
addEventListener("resize", () => {
  if (window.echarts) document.querySelectorAll("[data-chart], [data-graph]").forEach((place) => echarts.getInstanceByDom(place)?.resize());
});
drawAll();

// An open menu closes for Escape, and for whoever goes elsewhere.
const menus = () => document.querySelectorAll(".places details[open]");
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});
["click", "focusin"].forEach((kind) => document.addEventListener(kind, ({ target }) => {
  menus().forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
}));

// A single key leads to its field, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// Coming back to the search brings back what was typed. It stays in this tab: never in an address, nor in autofill.
const typing = document.querySelector("input[hx-post]");
if (typing) {
  const came = performance.getEntriesByType("navigation")[0]?.type;
  const kept = sessionStorage.getItem("kehu:typed");
  typing.addEventListener("input", () => sessionStorage.setItem("kehu:typed", typing.value));
  if (came !== "navigate" && kept) {
    // htmx begins in a timer of its own, which this one comes after.
    addEventListener("load", () => setTimeout(() => {
      typing.value = kept;
      typing.dispatchEvent(new Event("input", { bubbles: true }));
    }));
  }
}

// A piece that comes when it is looked at is asked for, too, when an address or a link leads into it.
function lead() {
  if (!location.hash) return;
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  (place || document.querySelector("#behind.lazy"))?.scrollIntoView();
}
addEventListener("hashchange", lead);
addEventListener("load", lead);
document.addEventListener("htmx:after:swap", ({ target }) => {
  drawAll();
  if (target.id === "behind") lead();
});

// Filters that are not set stay out of the address.
document.addEventListener("htmx:config:request", ({ detail }) => {
  const { request } = detail.ctx;
  if (request.method === "GET" && request.body instanceof FormData) {
    for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
  }
});
document.addEventListener("change", ({ target }) => {
  if (target.form?.matches(".filters:not([hx-get])")) target.form.requestSubmit();
});
document.addEventListener("submit", ({ target }) => {
  if (target.method === "get") for (const field of target.elements) field.disabled = field.value === "" && field.name !== "";
});
