// Package award awards an achievement to the people of a file: a bulk award.
//
// # What it promises
//
// A file is CSV (RFC 4180, separated by commas, semicolons or tabs, in UTF-8,
// UTF-16 or Windows-1252, found out by looking) or XLSX. Every row of it has an
// outcome: it is awarded, its recipient has the achievement already, or it is
// bad, and then its number as the spreadsheet shows it, the column and the
// reason are told in plain words. No row is left out and no text is guessed: a
// cell that cannot be read for certain makes its row a bad one.
//
// [Service.Draft] reads a file and makes a job in the store. Nothing is signed
// before [Service.Confirm]. From then on the job is carried out by whichever
// process runs [Service.Run], until every row has its outcome. It may be killed
// at any time and as often as one likes: the state of a row is stored in the
// transaction of its credential, so that each row gets exactly one. A recipient
// is awarded an achievement once, however often a file is sent.
//
// # People's data
//
// What stands in the rows is sealed under a key of the job. The contents of a
// row are removed in the transaction that issues its award. What is left, the
// rows that are bad or failed, goes with the key when the time to fetch them is
// over. Errors, audit entries and logs hold row numbers and codes, never what
// stands in a cell.
package award
