/** Why a score fits or does not, as the connector counts it. */
import badTime from "@salesforce/label/c.LeadScore_Reason_bad_time";
import better from "@salesforce/label/c.LeadScore_Reason_better";
import fits from "@salesforce/label/c.LeadScore_Reason_fits";
import noNeed from "@salesforce/label/c.LeadScore_Reason_no_need";
import notALead from "@salesforce/label/c.LeadScore_Reason_not_a_lead";
import other from "@salesforce/label/c.LeadScore_Reason_other";
import talked from "@salesforce/label/c.LeadScore_Reason_talked";
import wrongData from "@salesforce/label/c.LeadScore_Reason_wrong_data";

export const REASONS = {
  up: [
    { value: "talked", label: talked },
    { value: "fits", label: fits },
  ],
  down: [
    { value: "not_a_lead", label: notALead },
    { value: "wrong_data", label: wrongData },
    { value: "no_need", label: noNeed },
    { value: "bad_time", label: badTime },
    { value: "better", label: better },
    { value: "other", label: other },
  ],
};

/** What is counted where the reason was left open. */
export const OPEN = { up: "fits", down: "other" };
