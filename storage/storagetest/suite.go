package storagetest

import "testing"

// Run runs the suite. Every test has a store of its own.
func Run(t *testing.T, open Opener) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"Tenants", testTenants},
		{"Keys", testKeys},
		{"APIKeys", testAPIKeys},
		{"Achievements", testAchievements},
		{"Invalid", testInvalid},
		{"Quota", testQuota},
		{"Issue", testIssue},
		{"Instance", testInstance},
		{"Frames", testFrames},
		{"Subjects", testSubjects},
		{"Erasure", testErasure},
		{"Cursors", testCursors},
		{"CursorsUnderWrites", testCursorsUnderWrites},
		{"Isolation", testIsolation},
		{"StatusTransitions", testStatusTransitions},
		{"PublishedLists", testPublishedLists},
		{"RollOver", testRollOver},
		{"IndexDistribution", testIndexDistribution},
		{"ConcurrentReservations", testConcurrentReservations},
		{"ConcurrentRevocations", testConcurrentRevocations},
		{"Selection", testSelection},
		{"StatusJob", testStatusJob},
		{"StatusJobPhases", testStatusJobPhases},
		{"StatusMachine", testStatusMachine},
		{"ConcurrentSameRequest", testConcurrentSameRequest},
		{"Replay", testReplay},
		{"LeftBehind", testLeftBehind},
		{"IdempotencyInterleavings", testIdempotencyInterleavings},
		{"Expiry", testExpiry},
		{"Panic", testPanic},
		{"FailedChange", testFailedChange},
		{"Context", testContext},
		{"Audit", testAudit},
		{"Acts", testActs},
		{"Chains", testChains},
		{"Checkpoints", testCheckpoints},
		{"Webhooks", testWebhooks},
		{"Events", testEvents},
		{"Deliveries", testDeliveries},
		{"Mail", testMail},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}
