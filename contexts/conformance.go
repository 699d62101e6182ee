package contexts

import "sync"

// conformance are the contexts of the examples that conformance suites send.
// They are no part of [Embedded]: a program that serves people does not know
// them.
var conformance = []entry{
	{
		url:    "https://www.w3.org/ns/credentials/examples/v2",
		file:   "conformance/credentials-examples-v2.jsonld",
		sha256: "ff03f74f062ac7259028624de4ec010f30bb0576857c67474ce62be5e7efced1",
		editions: []edition{
			{
				sha256: "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
				sha384: "ccd35b4135824944a2d1b6f3edd6ee6be45c10dbfb0ba16f966609d58f88ef6ec7b0f387773c042cc60ef4ccfaf0cdba",
				sha512: "8d563097eab123966bd7fb88a2566d19fb369112dabfde9badfd553c04e101beb230918f58f5b927881f7b32d16045f8ac0f601b4574eeb09521bfbf9e539669",
			},
		},
	},
	{
		url:    "https://www.w3.org/2018/credentials/examples/v1",
		file:   "conformance/credentials-examples-v1.jsonld",
		sha256: "73bebae22e70ebb4466ac2e1f3e3b35c43436217623b51ff3e1b567e1aff4ba2",
		editions: []edition{
			{
				sha256: "2070ae4e75bc3b4c2cfe2b8b6e86ec45119672bbb5da283f0399ea96c60a0104",
				sha384: "28011554bfae6f952a3bd28a921405b66c1a4d059e70d20cdb2424ca5f8a511a576960d56a70670be362633225122f28",
				sha512: "0b547bd9d17571de50d19e79e81aa9c84a3e1929eb732435cd73d1aefecec7a93203485920416c1671c72d109d17e979c335105535d60a8623caf30cf891f90d",
			},
		},
	},
	{
		url:    "https://www.w3.org/ns/odrl.jsonld",
		file:   "conformance/odrl.jsonld",
		sha256: "a83cb98005bce546531131d4042318d8267aff71b1451f53cc926587fcef42c6",
		editions: []edition{
			{
				sha256: "f9937a5cf820abc39a1b954a3752132a9334fb23ec4a379e77a74a007c8f567d",
				sha384: "9d88d1cfd9933bc3f49dd8fbd633beaa9fac5cc829bb33ed1b807b5043eba560683d661ed7c1671caf2c8e3e169fc6bb",
				sha512: "661d7355edfd13e2ab1c9dcd573228ff597d7287c51feedc2ff5e01814b7eaa5d32b13671fdd361813d645592539443533f91660e91a166ae0f6dc95276495b4",
			},
		},
	},
	{
		url:    "https://w3id.org/citizenship/v4rc1",
		file:   "conformance/citizenship-v4rc1.jsonld",
		sha256: "a89b0bc00b1848ac3dfdf956c7dd5de8567e755351c07ec6a1c2b4a08b67953b",
		editions: []edition{
			{
				sha256: "a89b0bc00b1848ac3dfdf956c7dd5de8567e755351c07ec6a1c2b4a08b67953b",
				sha384: "385158749c2aad161ce574876b81b80c22ea96627dc1225223d392d14105ea191f3a1567848d2f67a835cf4628d61a70",
				sha512: "bce580da04d1897225904a5b2972392ccdbb312e172b912d9155e32cac3ae1c8419aed46d28f63de07451566b6935a26df0f40569f8871afaf3e91b4591d3f7c",
			},
		},
	},
	{
		url:    "https://w3id.org/vdl/v1",
		file:   "conformance/vdl-v1.jsonld",
		sha256: "5e61aa138bc6a1bf92299edd01408df52f20c24057b9dbea72ccaeef5b792010",
		editions: []edition{
			{
				sha256: "5e61aa138bc6a1bf92299edd01408df52f20c24057b9dbea72ccaeef5b792010",
				sha384: "92c32b15c6157edebe5e76c03a94277743c9c0bef87d23492915b634a62237a2245b44f160d3b23a0ca714ace6158a7b",
				sha512: "f9f611ee33dfdcd8958b827693fbb6c1dab62dab465675b5a9d67a5d1db230ac3d9d682f2a5e7cdf4d77b7d3332ca582cf2684247b78c96bde21cb0dc8a12ddf",
			},
		},
	},
}

var conformanceSet = sync.OnceValues(func() (*Set, error) {
	return load(files, append(embedded[:len(embedded):len(embedded)], conformance...))
})

// Conformance returns the documents of [Embedded] and those that the W3C suites
// use in their examples, such as https://www.w3.org/ns/credentials/examples/v2.
// It is for laboratories: a context of examples gives a meaning to every word.
// The error is that of Embedded.
func Conformance() (*Set, error) {
	return conformanceSet()
}
