trigger ContactScore on Contact (after insert, after update, after delete, after undelete) {
    LeadScoreHook.changed(Trigger.isDelete ? Trigger.old : Trigger.new, Trigger.operationType);
}
