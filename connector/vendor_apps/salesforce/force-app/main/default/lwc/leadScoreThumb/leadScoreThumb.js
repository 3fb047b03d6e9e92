import { LightningElement, api } from "lwc";
import rate from "@salesforce/apex/LeadScoreCard.rate";
import fits from "@salesforce/label/c.LeadScore_Fits";
import note from "@salesforce/label/c.LeadScore_Note";
import notKept from "@salesforce/label/c.LeadScore_Not_Kept";
import reason from "@salesforce/label/c.LeadScore_Reason";
import send from "@salesforce/label/c.LeadScore_Send";
import sending from "@salesforce/label/c.LeadScore_Sending";
import thanks from "@salesforce/label/c.LeadScore_Thanks";
import thumbDown from "@salesforce/label/c.LeadScore_Thumb_Down";
import thumbUp from "@salesforce/label/c.LeadScore_Thumb_Up";
import unknownProblem from "@salesforce/label/c.LeadScore_Unknown_Problem";
import { OPEN, REASONS } from "./reasons";

/** Asks whether the score fits, and sends the answer once. */
export default class LeadScoreThumb extends LightningElement {
  @api recordId;

  label = { fits, note, reason, send, sending, thanks, thumbDown, thumbUp };
  thumb;
  reason;
  note;
  problem;
  isSending = false;
  isSent = false;

  get isUp() {
    return this.thumb === "up";
  }

  get isDown() {
    return this.thumb === "down";
  }

  get isOpen() {
    return Boolean(this.thumb) && !this.isSent;
  }

  get isAsked() {
    return !this.isSent;
  }

  get reasons() {
    return REASONS[this.thumb];
  }

  handleUp() {
    this.choose("up");
  }

  handleDown() {
    this.choose("down");
  }

  choose(thumb) {
    // A second press takes the choice back.
    this.thumb = this.thumb === thumb ? undefined : thumb;
    this.reason = undefined;
    this.problem = undefined;
  }

  handleReason(event) {
    this.reason = event.detail.value;
  }

  handleNote(event) {
    this.note = event.detail.value;
  }

  async handleSend() {
    if (this.isSending) {
      return;
    }
    this.isSending = true;
    this.problem = undefined;
    try {
      await rate({
        recordId: this.recordId,
        thumb: this.thumb,
        reason: this.reason || OPEN[this.thumb],
        note: this.note || null,
      });
      this.isSent = true;
    } catch (error) {
      const why = error.body?.message || unknownProblem;
      this.problem = notKept.replace("{0}", why);
    } finally {
      this.isSending = false;
    }
  }
}
