import { createElement } from "lwc";
import { getRecord, notifyRecordUpdateAvailable } from "lightning/uiRecordApi";
import readCard from "@salesforce/apex/LeadScoreCard.read";
import LeadScore from "c/leadScore";

jest.mock(
  "@salesforce/apex/LeadScoreCard.read",
  () => ({ __esModule: true, default: jest.fn() }),
  { virtual: true },
);
jest.mock(
  "@salesforce/apex/LeadScoreCard.rate",
  () => ({ __esModule: true, default: jest.fn() }),
  { virtual: true },
);

const LEAD = "00Q000000000001AAA";
// As the connector answers; a test of the whole package holds the names together.
const CARD = {
  state: "scored",
  chance: {
    words: "3 in 10 such leads convert",
    percent: "31 %",
    interval: "Of leads that scored alike, between 24 % and 39 % converted",
  },
  too_little_known: false,
  reasons: ["Opened the price list", "Works in software", "Came by a partner"],
  by_hand: null,
  change: "The model's score: up from 61.0 to 87.5 since 28 Feb 2026.",
  last_action: { words: "Opened an e-mail", at: "2026-03-02T07:00:00+00:00" },
  data_as_of: "2026-03-02T09:00:00+00:00",
  stale: false,
};
const told = (changes = {}) => JSON.stringify({ ...CARD, ...changes });
const HELD = {
  Lead_Score__c: { value: 87.5 },
  Lead_Score_Tier__c: { value: "High-Intent", displayValue: "High-Intent" },
  Lead_Score_Probability__c: { value: 0.3124 },
  Lead_Score_Reasons__c: { value: "First\nSecond\nThird\nFourth" },
  Lead_Score_Updated_At__c: { value: "2026-03-01T09:00:00.000Z" },
};
const EMPTY = Object.fromEntries(
  Object.keys(HELD).map((name) => [name, { value: null }]),
);

async function settled() {
  for (let turn = 0; turn < 5; turn++) {
    // eslint-disable-next-line no-await-in-loop
    await Promise.resolve();
  }
}

function shown({ objectApiName = "Lead", recordId = LEAD } = {}) {
  const element = createElement("c-lead-score", { is: LeadScore });
  Object.assign(element, { recordId, objectApiName });
  document.body.appendChild(element);
  return element;
}

async function shownWith(fields, place = {}) {
  const element = shown(place);
  getRecord.emit({ apiName: place.objectApiName ?? "Lead", fields });
  await settled();
  return element;
}

const part = (element, id) =>
  element.shadowRoot.querySelector(`[data-id="${id}"]`);
const text = (element, id) => part(element, id)?.textContent.trim();

describe("c-lead-score", () => {
  beforeEach(() => {
    readCard.mockReset();
    readCard.mockResolvedValue(told());
  });

  afterEach(() => {
    document.body.replaceChildren();
    jest.clearAllMocks();
  });

  it("says that it reads until Salesforce answers", () => {
    const element = shown();
    const spinner = element.shadowRoot.querySelector("lightning-spinner");
    expect(spinner.alternativeText).toBe("Reading the score…");
    expect(readCard).not.toHaveBeenCalled();
  });

  it("asks for our own fields only, and never makes one of them a condition", async () => {
    shown();
    await settled();
    const { fields, optionalFields } = getRecord.getLastConfig();
    expect(fields).toBeUndefined();
    expect(optionalFields.map((field) => field.fieldApiName)).toEqual(
      expect.arrayContaining(Object.keys(HELD)),
    );
    expect(optionalFields).toHaveLength(5);
  });

  it("asks a contact's page for the contact's fields", async () => {
    shown({ objectApiName: "Contact", recordId: "003000000000001AAA" });
    await settled();
    const { optionalFields } = getRecord.getLastConfig();
    expect(new Set(optionalFields.map((f) => f.objectApiName))).toEqual(
      new Set(["Contact"]),
    );
  });

  it("shows the whole card", async () => {
    const element = await shownWith(HELD);
    expect(readCard).toHaveBeenCalledWith({ recordId: LEAD });
    expect(text(element, "tier")).toBe("High-Intent");
    expect(text(element, "score")).toBe("87.5 of 100");
    expect(text(element, "chance")).toBe("3 in 10 such leads convert (31 %)");
    expect(text(element, "interval")).toBe(CARD.chance.interval);
    expect(text(element, "changed")).toBe(CARD.change);
    const action = part(element, "last-action");
    expect(action.textContent).toContain(CARD.last_action.words);
    expect(action.querySelector("lightning-relative-date-time").value).toBe(
      Date.parse(CARD.last_action.at),
    );
    const reasons = [...part(element, "reasons").children];
    expect(reasons.map((item) => item.textContent)).toEqual(CARD.reasons);
    const age = part(element, "data-from");
    expect(age.querySelector("lightning-relative-date-time").value).toBe(
      Date.parse(CARD.data_as_of),
    );
    for (const id of [
      "stale",
      "little-known",
      "note",
      "card-problem",
      "written",
    ]) {
      expect(part(element, id)).toBeNull();
    }
    expect(
      element.shadowRoot.querySelector("c-lead-score-thumb").recordId,
    ).toBe(LEAD);
  });

  it("tells a score that is written from 0 to 1 in points, and as it is without the connector", async () => {
    const shared = { ...HELD, Lead_Score__c: { value: 0.723 } };
    readCard.mockResolvedValue(told({ score: "72.3" }));
    expect(text(await shownWith(shared), "score")).toBe("72.3 of 100");
    document.body.replaceChildren();
    readCard.mockRejectedValue(new Error("away"));
    expect(text(await shownWith(shared), "score")).toBe("0.723");
  });

  it("shows a score of zero, and a chance of zero", async () => {
    readCard.mockRejectedValue(new Error("away"));
    const element = await shownWith({
      ...HELD,
      Lead_Score__c: { value: 0 },
      Lead_Score_Probability__c: { value: 0 },
      Lead_Score_Tier__c: { value: "Low", displayValue: "Low" },
    });
    expect(text(element, "score")).toBe("0 of 100");
    expect(text(element, "chance")).toBe("Chance to convert: 0%");
    expect(part(element, "none")).toBeNull();
  });

  it("shows the tier in the words of the org", async () => {
    const element = await shownWith({
      ...HELD,
      Lead_Score_Tier__c: { value: "High-Intent", displayValue: "Heiß" },
    });
    expect(text(element, "tier")).toBe("Heiß");
    expect(part(element, "tier").classList).toContain("slds-theme_success");
  });

  it("says that there is no score, and why where the connector knows", async () => {
    const element = shown();
    readCard.mockResolvedValue(
      JSON.stringify({ state: "left_out", sentence: "Left out by your team." }),
    );
    getRecord.emit({ apiName: "Lead", fields: EMPTY });
    await Promise.resolve();
    expect(text(element, "none")).toContain("no score of this person");
    await settled();
    expect(text(element, "none")).toBe("Left out by your team.");
    expect(part(element, "headline")).toBeNull();
    expect(element.shadowRoot.querySelector("c-lead-score-thumb")).toBeNull();
  });

  it("says who may help where the user may see no score, and asks nobody", async () => {
    const element = await shownWith({});
    expect(text(element, "hidden")).toContain("Lead Scoring User");
    expect(part(element, "none")).toBeNull();
    expect(readCard).not.toHaveBeenCalled();
  });

  it("goes without those fields that the user may not see", async () => {
    readCard.mockRejectedValue(new Error("away"));
    const element = await shownWith({ Lead_Score__c: HELD.Lead_Score__c });
    expect(text(element, "score")).toBe("87.5 of 100");
    for (const id of ["chance", "reasons", "written"]) {
      expect(part(element, id)).toBeNull();
    }
  });

  it("tells an error of the record in a sentence", async () => {
    const element = shown();
    getRecord.error({ message: "The record was deleted." });
    await settled();
    expect(text(element, "problem")).toMatch(
      /can't be read.*The record was deleted\./,
    );
    expect(part(element, "problem").getAttribute("role")).toBe("alert");
    expect(element.shadowRoot.querySelector("lightning-spinner")).toBeNull();
  });

  it("says that too little is known", async () => {
    readCard.mockResolvedValue(told({ too_little_known: true }));
    const element = await shownWith(HELD);
    expect(text(element, "little-known")).toContain("Too little is known");
  });

  it("says that the data are old", async () => {
    readCard.mockResolvedValue(told({ stale: true }));
    const element = await shownWith(HELD);
    expect(text(element, "stale")).toContain("These data are old");
  });

  it("says that the score was set by hand", async () => {
    readCard.mockResolvedValue(
      told({ state: "set_by_hand", by_hand: { sentence: "Set by hand." } }),
    );
    const element = await shownWith(HELD);
    expect(text(element, "note")).toBe("Set by hand.");
  });

  it("says why a score that is still in Salesforce counts no more", async () => {
    readCard.mockResolvedValue(
      JSON.stringify({ state: "ended", sentence: "No longer scored." }),
    );
    const element = await shownWith(HELD);
    expect(text(element, "note")).toBe("No longer scored.");
    expect(text(element, "score")).toBe("87.5 of 100");
    expect(element.shadowRoot.querySelector("c-lead-score-thumb")).toBeNull();
  });

  it("takes an answer that is no card for none", async () => {
    readCard.mockResolvedValue("<html>");
    const element = await shownWith(HELD);
    expect(text(element, "card-problem")).toMatch(/No reason was given\.$/);
  });

  it("shows what was written where the connector can't be reached, and asks again", async () => {
    readCard.mockRejectedValueOnce({ body: { message: "Not connected." } });
    const element = await shownWith(HELD);
    expect(text(element, "card-problem")).toMatch(/Not connected\.$/);
    expect(text(element, "chance")).toBe("Chance to convert: 31.2%");
    const reasons = [...part(element, "reasons").children];
    expect(reasons.map((item) => item.textContent)).toEqual([
      "First",
      "Second",
      "Third",
    ]);
    const written = part(element, "written");
    expect(written.querySelector("lightning-relative-date-time").value).toBe(
      Date.parse(HELD.Lead_Score_Updated_At__c.value),
    );
    expect(element.shadowRoot.querySelector("c-lead-score-thumb")).toBeNull();
    part(element, "card-problem").querySelector("lightning-button").click();
    await settled();
    expect(part(element, "card-problem")).toBeNull();
    expect(text(element, "interval")).toBe(CARD.chance.interval);
  });

  it("reads both anew on request", async () => {
    const element = await shownWith(HELD);
    element.shadowRoot.querySelector("lightning-button-icon").click();
    await settled();
    expect(notifyRecordUpdateAvailable).toHaveBeenCalledWith([
      { recordId: LEAD },
    ]);
    expect(readCard).toHaveBeenCalledTimes(2);
  });

  it("asks once for a record, however often Salesforce tells of it", async () => {
    await shownWith(HELD);
    getRecord.emit({ apiName: "Lead", fields: HELD });
    await settled();
    expect(readCard).toHaveBeenCalledTimes(1);
  });

  it("never shows a card of the record before", async () => {
    let late;
    readCard.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
    const element = await shownWith(HELD);
    expect(text(element, "asking")).toBe("Reading the details…");
    element.recordId = "00Q000000000002AAA";
    getRecord.emit({ apiName: "Lead", fields: HELD });
    await settled();
    late(told({ change: "Of somebody else." }));
    await settled();
    expect(text(element, "changed")).toBe(CARD.change);
    expect(part(element, "asking")).toBeNull();
  });
});
