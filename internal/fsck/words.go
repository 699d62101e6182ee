package fsck

import "laurel/storage"

// claims say what holds where an invariant does.
var claims = map[string]string{
	storage.InvariantRetrievable: "every badge that was issued can be had, as it was issued",
	storage.InvariantComplete:    "what was not acknowledged is absent or complete",
	storage.InvariantIndexes:     "every place in a status list belongs to one badge",
	storage.InvariantStatus:      "status lists show the state of every badge",
	storage.InvariantAudit:       "every act has one entry in an unbroken record",
	storage.InvariantKeys:        "the key of every badge and list is known",
	storage.InvariantTenants:     "no record refers to another institution's",
	storage.InvariantJobs:        "the rows of every job add up",
	storage.InvariantDeliveries:  "every message was delivered or waits to be",
	storage.InvariantSecrets:     "no secret lies in the clear, and nothing is left of who was erased",
	storage.InvariantOnce:        "what may be used once was used once",
	storage.InvariantFile:        "the file is whole",
}

// Claim says what holds where an invariant does.
func Claim(invariant string) string { return claims[invariant] }

// What to do about faults.
const (
	adviceRestore  = "Restore the data from a backup (laurel restore); the badges and acts since that backup are named in your copies of the record."
	adviceRecord   = "Restore this record from a backup: laurel restore into another directory shows what it was. Until then nobody is told anything about it, which is safe."
	adviceIndex    = "The record itself is there. Restore from a backup that is whole; until then lists and searches may leave it out."
	adviceStatus   = "Revoke, suspend or reinstate the badge once more as it should be: laurel status. Its list is published anew then."
	adviceTampered = "Find out who could write to the data. Compare with a checkpoint kept elsewhere: laurel audit verify --checkpoint FILE. Restore from a backup that is whole."
	adviceErase    = "Erase the person once more: laurel erase, by the id of the badge or subject."
	adviceReport   = "This can only be a fault of the program: keep a copy of the data and report it."
	advicePublish  = "Start the server: it signs and publishes the list anew."
	adviceSecret   = "Take the file away, take the secret for known to others, and rotate keys: laurel keys rotate, then laurel keys compromise."
)

// sentence is what is said of a fault.
type sentence struct{ message, advice string }

// sentences are what is said of faults, by their code.
var sentences = map[string]sentence{
	"unopenable":        {"the store cannot be opened", adviceRestore},
	"structure_damaged": {"the structure of the file is damaged", adviceRestore},
	"row_damaged":       {"a record is damaged: its checksum or form is wrong", adviceRecord},
	"index_wrong":       {"an index does not agree with the record", adviceIndex},

	"not_found_by_id":      {"it cannot be found by its id", adviceIndex},
	"id_leads_elsewhere":   {"its id leads to another record", adviceIndex},
	"id_leads_nowhere":     {"its id leads to a record that is not there", adviceRecord},
	"version_missing":      {"a version of the achievement is missing", adviceRecord},
	"version_differs":      {"the latest version is not the one that is shown", adviceRecord},
	"subject_key_missing":  {"the key to the person's data is missing, though they were not erased", adviceRecord},
	"replacement_wrong":    {"the badge and the one that took its place do not name each other", adviceReport},
	"bytes_missing":        {"the signed badge is missing", adviceRecord},
	recipientMissing:       {"what is known of the recipient is missing", adviceRecord},
	"recipient_unopenable": {"what is known of the recipient does not open", adviceRecord},
	"badge_unopenable":     {"the stored badge does not open, or is not the one that was issued", adviceRecord},
	"signature_invalid":    {"the signature of the badge does not hold", adviceRecord},

	"bytes_of_nothing":        {"there are bytes of a badge without the badge", adviceReport},
	"state_unknown":           {"the badge is in no known state", adviceRecord},
	"signed_but_not_issued":   {"the badge was signed but never issued", adviceReport},
	"state_contradicts_issue": {"the badge's state does not agree with when it was issued", adviceReport},
	"answered_but_pending":    {"the request was answered as done, but the badge is pending", adviceReport},

	"list_unknown":      {"it has a place in a status list that is not there", adviceRecord},
	"index_outside":     {"its place lies outside its status list", adviceRecord},
	"purpose_differs":   {"its status list has another purpose", adviceRecord},
	"place_not_taken":   {"its place in the status list is not taken", adviceReport},
	"place_of_two":      {"its place in the status list belongs to another badge too", "Re-issue one of the two badges: what is said of one is said of both. " + adviceReport},
	"place_of_nobody":   {"a place is taken by a badge that is not there", adviceRecord},
	"places_miscounted": {"the number of places given out is wrong", adviceReport},
	"open_list_wrong":   {"which list gives out places is wrong", adviceReport},

	"bit_wrong":              {"the status list does not show the badge's state", adviceStatus},
	"bit_of_nobody":          {"a bit is set that belongs to no badge", adviceReport},
	"version_wrong":          {"the version of the list is wrong", adviceReport},
	"signed_list_missing":    {"the published list is missing", advicePublish},
	"list_signature_invalid": {"the signature of the published list does not hold", advicePublish},
	"list_differs":           {"the published list does not show what is stored", advicePublish},

	"entry_missing":      {"the entry is missing", adviceTampered},
	"entry_broken":       {"the entry was changed, or is not linked to the one before", adviceTampered},
	"act_without_entry":  {"something was done to it that has no entry", adviceTampered},
	"entries_miscounted": {"the entries do not agree with what was done to it", adviceTampered},
	"entry_of_nothing":   {"there is an entry about something that is not there", adviceTampered},
	"entry_unreadable":   {"the entry cannot be read", adviceTampered},
	"entry_changed":      {"the entry was changed", adviceTampered},
	"chain_cut":          {"the end of the record is missing", adviceTampered},
	"chain_rewritten":    {"the record was rewritten", adviceTampered},
	"chain_unknown":      {"there are entries of an institution that is not there", adviceTampered},
	"checkpoint_forged":  {"a checkpoint was forged", adviceTampered},
	"checkpoint_foreign": {"a checkpoint is of another installation", adviceTampered},
	"store_rolled_back":  {"the data went back to an older state", adviceTampered},

	"key_unknown": {"it was signed with a key that is not there", adviceRecord},

	"tenant_unknown":      {"there are records of an institution that is not there", adviceRecord},
	"subject_unknown":     {"it belongs to a person who is not there", adviceRecord},
	"achievement_unknown": {"it is for an achievement that is not there", adviceRecord},
	"achievement_foreign": {"it is for another institution's achievement", adviceReport},
	"list_foreign":        {"it has a place in another institution's status list", adviceReport},
	"claim_foreign":       {"a request made a badge of another institution", adviceReport},
	"replacement_foreign": {"another institution's badge took its place", adviceReport},
	"row_foreign":         {"a row of a job made a badge of another institution", adviceReport},

	"rows_miscounted":        {"the rows of the job do not add up", adviceReport},
	"credential_of_two_rows": {"two rows made the same badge", adviceReport},
	"job_forgotten":          {"the job would not be gone on with", adviceReport},
	"row_without_credential": {"a row says that it made a badge that is not there", adviceRecord},
	"row_of_nothing":         {"there are rows of a job that is not there", adviceReport},
	"row_missing":            {"rows of the job are missing", adviceRecord},

	"delivery_misplaced":  {"the message is not where it belongs", adviceReport},
	"delivery_forgotten":  {"the message waits and is in no queue", "Send it again: laurel outbox replay."},
	"message_missing":     {"what the message says is missing", adviceRecord},
	"delivery_of_nothing": {"the message is about an act that has no entry", adviceTampered},
	"queue_of_nothing":    {"a queue has a message that is not there", adviceReport},
	"queue_wrong":         {"a queue does not agree with its message", adviceReport},

	"erased_data_left": {"data of a person is left who was erased", adviceErase},
	"erased_in_part":   {"the person was erased in part only", adviceErase},
	"secret_exposed":   {"a private key lies in it in the clear", adviceSecret},

	"never_expires":         {"an idempotency key would never be forgotten", adviceReport},
	"expiry_of_nothing":     {"an idempotency key that is not there is to be forgotten", adviceReport},
	"claim_of_nothing":      {"a request was answered with a badge that is not there", adviceRecord},
	"issued_but_unanswered": {"the badge is issued, but its request counts as unanswered", adviceReport},
}
