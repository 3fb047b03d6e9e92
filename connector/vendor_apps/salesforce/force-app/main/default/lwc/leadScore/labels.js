/** The component's own sentences; an admin translates them in Setup. */
import changed from "@salesforce/label/c.LeadScore_Changed";
import chance from "@salesforce/label/c.LeadScore_Chance";
import dataFrom from "@salesforce/label/c.LeadScore_Data_From";
import detailsLoading from "@salesforce/label/c.LeadScore_Details_Loading";
import detailsMissing from "@salesforce/label/c.LeadScore_Details_Missing";
import lastAction from "@salesforce/label/c.LeadScore_Last_Action";
import littleKnown from "@salesforce/label/c.LeadScore_Little_Known";
import loading from "@salesforce/label/c.LeadScore_Loading";
import noPermission from "@salesforce/label/c.LeadScore_No_Permission";
import noScore from "@salesforce/label/c.LeadScore_No_Score";
import of100 from "@salesforce/label/c.LeadScore_Of_100";
import reasons from "@salesforce/label/c.LeadScore_Reasons";
import refresh from "@salesforce/label/c.LeadScore_Refresh";
import stale from "@salesforce/label/c.LeadScore_Stale";
import title from "@salesforce/label/c.LeadScore_Title";
import tryAgain from "@salesforce/label/c.LeadScore_Try_Again";
import unknownProblem from "@salesforce/label/c.LeadScore_Unknown_Problem";
import wireError from "@salesforce/label/c.LeadScore_Wire_Error";
import written from "@salesforce/label/c.LeadScore_Written";

export const LABELS = {
  changed,
  chance,
  dataFrom,
  detailsLoading,
  detailsMissing,
  lastAction,
  littleKnown,
  loading,
  noPermission,
  noScore,
  of100,
  reasons,
  refresh,
  stale,
  title,
  tryAgain,
  unknownProblem,
  wireError,
  written,
};

/** A label with its gap filled. */
export function filled(label, value) {
  return label.replace("{0}", value).trim();
}
