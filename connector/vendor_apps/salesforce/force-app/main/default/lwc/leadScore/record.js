/** Our own fields of a record, whichever object it is of and whatever of them the user may see. */
import { getFieldDisplayValue, getFieldValue } from "lightning/uiRecordApi";
import LEAD_PROBABILITY from "@salesforce/schema/Lead.Lead_Score_Probability__c";
import LEAD_REASONS from "@salesforce/schema/Lead.Lead_Score_Reasons__c";
import LEAD_SCORE from "@salesforce/schema/Lead.Lead_Score__c";
import LEAD_TIER from "@salesforce/schema/Lead.Lead_Score_Tier__c";
import LEAD_UPDATED_AT from "@salesforce/schema/Lead.Lead_Score_Updated_At__c";
import CONTACT_PROBABILITY from "@salesforce/schema/Contact.Lead_Score_Probability__c";
import CONTACT_REASONS from "@salesforce/schema/Contact.Lead_Score_Reasons__c";
import CONTACT_SCORE from "@salesforce/schema/Contact.Lead_Score__c";
import CONTACT_TIER from "@salesforce/schema/Contact.Lead_Score_Tier__c";
import CONTACT_UPDATED_AT from "@salesforce/schema/Contact.Lead_Score_Updated_At__c";

const FIELDS = {
  Lead: {
    score: LEAD_SCORE,
    tier: LEAD_TIER,
    probability: LEAD_PROBABILITY,
    reasons: LEAD_REASONS,
    updatedAt: LEAD_UPDATED_AT,
  },
  Contact: {
    score: CONTACT_SCORE,
    tier: CONTACT_TIER,
    probability: CONTACT_PROBABILITY,
    reasons: CONTACT_REASONS,
    updatedAt: CONTACT_UPDATED_AT,
  },
};

/** The fields to ask for; undefined keeps the wire waiting until the object is known. */
export function fieldsOf(objectApiName) {
  const fields = FIELDS[objectApiName];
  return fields && Object.values(fields);
}

/** What the record holds: null where a field is empty, undefined where the user may not see it. */
export function scoreOf(objectApiName, record) {
  const fields = FIELDS[objectApiName];
  const value = (name) => getFieldValue(record, fields[name]);
  const lines = value("reasons");
  return {
    score: value("score"),
    tier: value("tier"),
    tierLabel:
      getFieldDisplayValue(record, fields.tier) || value("tier") || undefined,
    probability: value("probability"),
    reasons: lines ? lines.split(/\r?\n/) : [],
    updatedAt: value("updatedAt"),
  };
}
