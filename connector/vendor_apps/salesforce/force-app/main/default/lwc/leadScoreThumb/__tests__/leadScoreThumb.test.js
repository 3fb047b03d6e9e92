import { createElement } from "lwc";
import rate from "@salesforce/apex/LeadScoreCard.rate";
import LeadScoreThumb from "c/leadScoreThumb";

jest.mock(
  "@salesforce/apex/LeadScoreCard.rate",
  () => ({ __esModule: true, default: jest.fn() }),
  { virtual: true },
);

const LEAD = "00Q000000000001AAA";

async function settled() {
  for (let turn = 0; turn < 5; turn++) {
    // eslint-disable-next-line no-await-in-loop
    await Promise.resolve();
  }
}

function shown() {
  const element = createElement("c-lead-score-thumb", { is: LeadScoreThumb });
  element.recordId = LEAD;
  document.body.appendChild(element);
  return element;
}

const part = (element, id) =>
  element.shadowRoot.querySelector(`[data-id="${id}"]`);
const inside = (element, tag) => element.shadowRoot.querySelector(tag);

async function press(element, id) {
  part(element, id).click();
  await settled();
}

async function enter(element, tag, value) {
  inside(element, tag).dispatchEvent(
    new CustomEvent("change", { detail: { value } }),
  );
  await settled();
}

describe("c-lead-score-thumb", () => {
  beforeEach(() => {
    rate.mockReset();
    rate.mockResolvedValue(7);
  });

  afterEach(() => {
    document.body.replaceChildren();
  });

  it("asks, names its buttons, and sends nothing by itself", async () => {
    const element = shown();
    await settled();
    const group = inside(element, "[role=group]");
    expect(group.getAttribute("aria-label")).toBe("Does this score fit?");
    expect(part(element, "up").alternativeText).toBe("It fits");
    expect(part(element, "down").alternativeText).toBe("It does not fit");
    expect(part(element, "send")).toBeNull();
    expect(rate).not.toHaveBeenCalled();
  });

  it("sends a thumb up without a reason", async () => {
    const element = shown();
    await press(element, "up");
    expect(part(element, "up").selected).toBe(true);
    await press(element, "send");
    expect(rate).toHaveBeenCalledWith({
      recordId: LEAD,
      thumb: "up",
      reason: "fits",
      note: null,
    });
    expect(part(element, "thanks").textContent).toContain("Thank you");
    expect(part(element, "up")).toBeNull();
  });

  it("sends a thumb down with a reason and a note", async () => {
    const element = shown();
    await press(element, "down");
    const offered = inside(element, "lightning-combobox").options;
    expect(offered.map((option) => option.value)).toContain("not_a_lead");
    expect(offered.map((option) => option.value)).not.toContain("talked");
    await enter(element, "lightning-combobox", "not_a_lead");
    await enter(element, "lightning-textarea", "A student");
    await press(element, "send");
    expect(rate).toHaveBeenCalledWith({
      recordId: LEAD,
      thumb: "down",
      reason: "not_a_lead",
      note: "A student",
    });
  });

  it("forgets the reason of the other thumb", async () => {
    const element = shown();
    await press(element, "down");
    await enter(element, "lightning-combobox", "bad_time");
    await press(element, "up");
    await press(element, "send");
    expect(rate.mock.calls[0][0]).toMatchObject({
      thumb: "up",
      reason: "fits",
    });
  });

  it("takes a choice back by a second press", async () => {
    const element = shown();
    await press(element, "up");
    await press(element, "up");
    expect(part(element, "send")).toBeNull();
    expect(part(element, "up").selected).toBe(false);
  });

  it("sends once, however often the button is pressed", async () => {
    let answer;
    rate.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    const element = shown();
    await press(element, "up");
    const button = part(element, "send");
    button.click();
    button.click();
    await settled();
    expect(part(element, "sending").textContent.trim()).toBe("Sending…");
    answer(7);
    await settled();
    expect(rate).toHaveBeenCalledTimes(1);
    expect(part(element, "thanks")).not.toBeNull();
  });

  it("says why a thumb was not kept, and lets it be sent again", async () => {
    rate.mockRejectedValueOnce({ body: { message: "There is no score." } });
    const element = shown();
    await press(element, "down");
    await press(element, "send");
    const problem = part(element, "not-kept");
    expect(problem.textContent).toBe("It was not kept. There is no score.");
    expect(problem.getAttribute("role")).toBe("alert");
    await press(element, "send");
    expect(rate).toHaveBeenCalledTimes(2);
    expect(part(element, "not-kept")).toBeNull();
    expect(part(element, "thanks")).not.toBeNull();
  });
});
