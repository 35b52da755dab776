// SPDX-License-Identifier: GPL-2.0-or-later
// node site.mjs FOLDER [--all] [--shots FOLDER]: links, markup, accessibility, a
// phone's width, one sheet of paper. --all opens every page, else a sample that
// has each router once and each line once.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { HtmlValidate } from "html-validate";

const root = process.argv[2];
const all = process.argv.includes("--all");
const shots = process.argv.includes("--shots") ? process.argv[process.argv.indexOf("--shots") + 1] : null;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let bad = 0;
const fail = (page, what) => { console.log(`FAIL ${page}: ${what}`); bad++; };

const files = fs.readdirSync(root, { recursive: true }).filter(f => f.endsWith(".html")).sort();
if (files.length < 100) fail(root, `only ${files.length} pages`);

// every link leads somewhere; nothing comes from elsewhere; no script
const ids = new Map(files.map(f => [f, new Set([...fs.readFileSync(path.join(root, f), "utf8").matchAll(/ id="([^"]+)"/g)].map(m => m[1]))]));
let links = 0;
for (const f of files) {
	const text = fs.readFileSync(path.join(root, f), "utf8");
	if (/<script|javascript:| on[a-z]+="/i.test(text)) fail(f, "a script");
	for (const [, ref] of text.matchAll(/(?:href|src)="([^"]*)"/g)) {
		links++;
		if (/^https?:/.test(ref)) continue; // a source's address
		const [file, id] = ref.split("#");
		const to = file ? path.join(path.dirname(f), file) : f;
		if (!fs.existsSync(path.join(root, to))) fail(f, `link to ${ref}, which is not there`);
		else if (id && !ids.get(to)?.has(id)) fail(f, `link to ${ref}: no such place`);
	}
}

const lines = ["flets-ra", "flets-pd", "hgw", "dhcp4", "pppoe4", "map-e", "ds-lite", "ipip", "private4"];
const models = [...new Set(files.filter(f => f.startsWith("ja/") && f.split("/").length === 3).map(f => f.split("/")[1]))];
const sample = ["index.html", "ja/index.html", "en/index.html"];
models.forEach((m, i) => {
	const lang = i % 2 ? "en" : "ja";
	sample.push(`${lang}/${m}/index.html`, `${lang}/${m}/${lines[i % lines.length]}.html`, `${lang}/${m}/${lines[i % lines.length]}-a4.html`);
});
sample.push("ja/rtx830/flets-ra.html", "ja/rtx830/flets-ra-a4.html", "ja/wg1200hp3/flets-ra-a4.html");
const look = all ? files : sample;

const validator = new HtmlValidate({ extends: ["html-validate:standard"], rules: { "no-inline-style": "off" } });
for (const f of look) {
	const report = await validator.validateString(fs.readFileSync(path.join(root, f), "utf8"), f);
	for (const r of report.results) for (const m of r.messages) fail(f, `markup ${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
}

const server = http.createServer((q, a) => {
	const f = path.join(root, path.normalize(decodeURIComponent(new URL(q.url, "http://x").pathname)));
	if (!fs.existsSync(f)) { a.writeHead(404); return a.end(); }
	a.writeHead(200, { "content-type": f.endsWith(".css") ? "text/css" : "text/html; charset=utf-8" });
	fs.createReadStream(f).pipe(a);
});
await new Promise(r => server.listen(0, "127.0.0.1", r));
const base = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const desk = await browser.newPage({ viewport: { width: 1100, height: 900 }, bypassCSP: true });
const phone = await browser.newPage({ viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 });
let strange = 0;
for (const p of [desk, phone]) p.on("request", r => { if (!r.url().startsWith(base)) strange++; });
let papers = 0;
for (const f of look) {
	await desk.goto(base + f);
	await desk.evaluate(axe);
	const { violations } = await desk.evaluate(() => window.axe.run());
	for (const v of violations) fail(f, `axe ${v.id}: ${v.help} (${v.nodes[0].target})`);
	if (f.endsWith("-a4.html")) {
		const pdf = (await desk.pdf({ preferCSSPageSize: true })).toString("latin1");
		const n = (pdf.match(/\/Type\s*\/Page\b(?!s)/g) || []).length;
		papers++;
		if (n !== 1) fail(f, `${n} sheets of paper`);
	} else {
		await phone.goto(base + f);
		const over = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		if (over > 0) fail(f, `${over} pixels wider than a phone`);
		const styled = await phone.evaluate(() => getComputedStyle(document.body).margin);
		if (styled !== "0px") fail(f, "the style did not arrive");
	}
}
if (strange) fail("site", `${strange} requests went elsewhere`);
if (shots) {
	fs.mkdirSync(shots, { recursive: true });
	for (const f of ["ja/index.html", "ja/rtx830/index.html", "ja/rtx830/flets-ra.html", "en/rtx830/flets-ra.html"]) {
		await desk.goto(base + f); await desk.screenshot({ path: `${shots}/desk-${f.replaceAll("/", "-")}.png`, fullPage: true });
		await phone.goto(base + f); await phone.screenshot({ path: `${shots}/phone-${f.replaceAll("/", "-")}.png` });
	}
	for (const f of ["ja/rtx830/flets-ra-a4.html", "ja/wg1200hp3/flets-ra-a4.html"]) {
		await desk.goto(base + f); await desk.pdf({ path: `${shots}/${f.replaceAll("/", "-")}.pdf`, preferCSSPageSize: true });
	}
}
await browser.close();
server.close();
console.log(`${files.length} pages, ${links} links, ${look.length} opened, ${papers} printed on one sheet: ${bad} faults`);
process.exit(bad ? 1 : 0);
