// Command bench measures Laurel beside the cryptography that it cannot do
// without and beside other implementations, all in one run.
//
//	bench report   measures everything and writes docs/performance.md
//	bench ratios   measures the ratios that are held in CI, in seconds, and
//	               prints them as one line of JSON
//	bench check    does the same and fails when one is worse than limits.json
//	               allows
//
// What is compared is measured in turns of some milliseconds, many times, on
// one processor. A figure is the median of its turns, a ratio the median of the
// ratios within each turn: a neighbour that takes the machine for a second
// disturbs both sides of one ratio, not one side of all.
package main
