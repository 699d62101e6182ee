package negative

func tokenFamily(c *corpus)          {}
func claimFamily(c *corpus)          {}
func selectiveTokenFamily(c *corpus) {}
func pictureFamily(c *corpus)        {}
func companyFamily(c *corpus)        {}
func presentationFamily(c *corpus)   {}
func olderFamily(c *corpus)          {}
func recipientFamily(c *corpus)      {}
func envelopeFamily(c *corpus)       {}
