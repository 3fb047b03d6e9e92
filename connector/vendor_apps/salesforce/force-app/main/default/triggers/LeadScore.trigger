trigger LeadScore on Lead (after insert, after update, after delete, after undelete) {
    LeadScoreHook.changed(Trigger.isDelete ? Trigger.old : Trigger.new, Trigger.operationType);
}
