// Tests read the sentences that people read: each custom label is its English text.
const fs = require("fs");
const path = require("path");

const source = fs.readFileSync(
  path.join(
    __dirname,
    "force-app/main/default/labels/CustomLabels.labels-meta.xml",
  ),
  "utf8",
);
const text = (label, name) =>
  new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(label)[1]
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, "&");

for (const [, label] of source.matchAll(/<labels>(.*?)<\/labels>/gs)) {
  const value = text(label, "value");
  jest.doMock(
    `@salesforce/label/c.${text(label, "fullName")}`,
    () => ({ __esModule: true, default: value }),
    { virtual: true },
  );
}
