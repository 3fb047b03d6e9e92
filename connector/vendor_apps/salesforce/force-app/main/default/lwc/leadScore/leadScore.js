import { LightningElement, api, wire } from "lwc";
import { getRecord, notifyRecordUpdateAvailable } from "lightning/uiRecordApi";
import LOCALE from "@salesforce/i18n/locale";
import readCard from "@salesforce/apex/LeadScoreCard.read";
import { LABELS, filled } from "./labels";
import { fieldsOf, scoreOf } from "./record";

const MOST_REASONS = 3;
const BADGES = {
  "High-Intent": "slds-badge slds-theme_success",
  Medium: "slds-badge slds-theme_warning",
};
const PERCENT = new Intl.NumberFormat(LOCALE, {
  style: "percent",
  maximumFractionDigits: 1,
});
const NUMBER = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const FRACTION = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 3 });

/** The score of the lead or contact whose page this is: first what Salesforce holds, then what the connector adds. */
export default class LeadScore extends LightningElement {
  @api recordId;
  @api objectApiName;

  label = LABELS;
  held;
  problem;
  card;
  cardProblem;
  isAsking = false;
  askedFor;

  get fields() {
    return fieldsOf(this.objectApiName);
  }

  @wire(getRecord, { recordId: "$recordId", optionalFields: "$fields" })
  receive({ data, error }) {
    this.problem = error && filled(LABELS.wireError, this.sentence(error));
    this.held = data && scoreOf(this.objectApiName, data);
    if (this.held && !this.isHidden && this.askedFor !== this.recordId) {
      this.ask();
    }
  }

  /** What the connector told; empty until it did. */
  get details() {
    return this.card || {};
  }

  get isLoading() {
    return !this.held && !this.problem;
  }

  get isHidden() {
    return this.held?.score === undefined && this.held?.tier === undefined;
  }

  get isShown() {
    return Boolean(this.held) && !this.isHidden;
  }

  get mayNotSee() {
    return Boolean(this.held) && this.isHidden;
  }

  get hasScore() {
    // Zero is a score.
    return (
      this.isShown && this.held.score !== null && this.held.score !== undefined
    );
  }

  get hasNone() {
    return this.isShown && !this.hasScore;
  }

  get noScore() {
    return this.details.sentence || LABELS.noScore;
  }

  get score() {
    const held = this.held.score;
    const told = Number(this.details.score ?? Number.NaN);
    // What organisations that write scores from 0 to 1 hold; the connector always tells points.
    const mayBeShare = held > 0 && held <= 1;
    if (mayBeShare && Number.isNaN(told)) {
      return FRACTION.format(held);
    }
    return filled(LABELS.of100, NUMBER.format(mayBeShare ? told : held));
  }

  get badge() {
    return BADGES[this.held.tier] || "slds-badge";
  }

  get chance() {
    const told = this.details.chance;
    if (told) {
      return `${told.words} (${told.percent})`;
    }
    const held = this.held.probability;
    return held === null || held === undefined
      ? undefined
      : filled(LABELS.chance, PERCENT.format(held));
  }

  get reasons() {
    const told = this.details.reasons?.length
      ? this.card.reasons
      : this.held.reasons;
    return told
      .slice(0, MOST_REASONS)
      .map((text, place) => ({ key: `${place}`, text }));
  }

  get hasReasons() {
    return this.reasons.length > 0;
  }

  get interval() {
    return this.details.chance?.interval;
  }

  /** What is to be known beside the score: set by hand, left out since. */
  get note() {
    return this.details.by_hand?.sentence || this.details.sentence;
  }

  // Times are numbers: lightning-relative-date-time shows nothing for a text.
  get actedAt() {
    return Date.parse(this.details.last_action.at);
  }

  get dataFrom() {
    const told = this.details.data_as_of;
    return told && Date.parse(told);
  }

  get writtenAt() {
    // Salesforce is written to when something changed: without the connector's word that is all that is known.
    const held = this.dataFrom ? undefined : this.held.updatedAt;
    return held && Date.parse(held);
  }

  get isRateable() {
    return this.hasScore && Boolean(this.details.chance);
  }

  handleRefresh() {
    notifyRecordUpdateAvailable([{ recordId: this.recordId }]);
    this.ask();
  }

  async ask() {
    const recordId = this.recordId;
    this.askedFor = recordId;
    this.card = undefined;
    this.cardProblem = undefined;
    this.isAsking = true;
    try {
      const card = JSON.parse(await readCard({ recordId }));
      if (recordId === this.recordId) {
        this.card = card;
      }
    } catch (error) {
      if (recordId === this.recordId) {
        this.cardProblem = filled(LABELS.detailsMissing, this.sentence(error));
      }
    } finally {
      if (recordId === this.recordId) {
        this.isAsking = false;
      }
    }
  }

  sentence(error) {
    const body = Array.isArray(error.body) ? error.body[0] : error.body;
    return body?.message || LABELS.unknownProblem;
  }
}
