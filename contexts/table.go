package contexts

import (
	"crypto"
	"encoding/hex"
)

// entry pins one embedded document.
type entry struct {
	url      string
	aliases  []string // other official URLs of the same document
	revision string   // "" when the URL has one revision only
	file     string   // below documents/
	sha256   string   // of the file, in hexadecimal
	editions []edition
}

// edition has the hashes, in hexadecimal, of one sequence of bytes in which the
// owner of a URL has published a document. Our files are equal to it as JSON;
// a relatedResource digest is made over the published bytes.
type edition struct {
	sha256, sha384, sha512 string
}

// sri returns the three digests of an edition in the form of a digestSRI.
func (e edition) sri() ([]string, error) {
	var digests []string
	for _, d := range []struct {
		algorithm crypto.Hash
		hex       string
	}{
		{crypto.SHA256, e.sha256},
		{crypto.SHA384, e.sha384},
		{crypto.SHA512, e.sha512},
	} {
		sum, err := hex.DecodeString(d.hex)
		if err != nil {
			return nil, err
		}
		sri, err := formatSRI(d.algorithm, sum)
		if err != nil {
			return nil, err
		}
		digests = append(digests, sri)
	}
	return digests, nil
}

// embedded is the one table of pins: every document of the package, grouped by
// URL, the revisions of a URL newest first.
var embedded = []entry{
	{
		url:    "https://www.w3.org/ns/credentials/v2",
		file:   "credentials-v2.jsonld",
		sha256: "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
		editions: []edition{
			{
				sha256: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
				sha384: "97f1eb8e5042356c805fdd61afa2c557663785e0794dcafa21e138fd38def18cb360133c221aa31d6896a6bf3e65b614",
				sha512: "5d55452bd2dcf8a29f5a290473eb242b1c5fb77d4e68f1a0aa87baa4dba2694852d65ec63d48ac04a99d956f9f7153b9406f84d2d04c74869b02c239a1d81305",
			},
		},
	},
	{
		url:    "https://www.w3.org/2018/credentials/v1",
		file:   "credentials-v1.jsonld",
		sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
		editions: []edition{
			{
				sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
				sha384: "82c3b3eab863754bbfd2b9f17d8d6db9f61169f301cbf0b05e1fc4beb5f5c51dd4d2e888c274f49c3fbb2408f61faed1",
				sha512: "536a40b390dda94a9e39196c00090f62668e8184fe3c8c02c4a22c85666e68bf6e85d3dc7f2dba85b2b62ef95d97de24132568d8504db43f2c9c82d2e88418d2",
			},
		},
	},
	{
		url:    "https://www.w3.org/ns/credentials/undefined-terms/v2",
		file:   "undefined-terms-v2.jsonld",
		sha256: "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
		editions: []edition{
			{
				sha256: "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
				sha384: "b2a66ccddba70ba67ad99c2ff52e60558df0063cea51c4ca886e25d9ea73cfabb878baf92dc2ad2bda26c31391850d68",
				sha512: "7c525ff49bc479ec5da7fccf5d56497e4be408eb269d36609cc1f6ce1f9c4ee23e4aefb53d3728b4a1cac56da6518fcfde789af23a5dfb77f4ce693eb5ed581b",
			},
		},
	},
	{
		url:      "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		revision: "2026-06",
		file:     "ob-3.0.3-2026-06.jsonld",
		sha256:   "48516aca6cb6be6cecdc45031d20a5f82da11c76fd356327c645e6f4111dade0",
		editions: []edition{
			{
				sha256: "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
				sha384: "c58d73edcd2c17e701985f918cc8c684485f2c5399ffbddcacb3de5744f090000f244e5f87292c353298accfb0d894e3",
				sha512: "55648c6b454a777840f947a63a9cc11470b12eec88d71fd39716bad1f1e226419f4935ea475b8bc990c1d004086f7c44a9d163de4f9676fcc26480a773efc050",
			},
		},
	},
	{
		url: "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		// Reconstructed: the revision of 2026-06 without endorsementJwt. The
		// published text less those lines has the SHA-256 known for this one.
		revision: "2025-11",
		file:     "ob-3.0.3-2025-11.jsonld",
		sha256:   "134303f3fb8611c79104637091b25d82c2594a3d819b8e35cba84dbc847d43cc",
		editions: []edition{
			{
				sha256: "01d87cc8b5357af557bfb09428f603c4691c49ef8a6089945a70bda1b96b1db2",
				sha384: "d0bd347d611d06eb548ac9e4ad3b33e576f819a27e830d87b588be1475da68d537d379664a8393e9b0a591a181c4cd17",
				sha512: "4087bb6818856f8d60698bda787fe64e821a7b726a005b99db80994cf80618527eee30a5f3c2fdb2642a037a80668c7d41aada388d3c7f4068d2b6c076c73190",
			},
		},
	},
	{
		url:      "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		revision: "2024-03",
		file:     "ob-3.0.3-2024-03.jsonld",
		sha256:   "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761",
		editions: []edition{
			{
				sha256: "ef2fa9c7846dce233cc166b43639027278be4ee44f00bb1d45c75de2dd0cd761",
				sha384: "c859f6c00a1e0013ee79c1e5cc7566b6dfa6c28971c46ce1ab3221cdfba2b6c6d86e630e567d03c0c780bc2f9ad517a4",
				sha512: "efb12b27bf61402ca251e395626310dc0a3db076a4d7e4a9bdbef9fef967655d9b2bc73b93e12ea8248c283904f4d700706c73a9ad6252ffc6eb907d97c70b76",
			},
		},
	},
	{
		url:    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
		file:   "ob-3.0.2.jsonld",
		sha256: "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
		editions: []edition{
			{
				sha256: "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
				sha384: "7e000a9c71becc13b359560470d4d1b00f8d154ca052c54cdd20c7de6b87af5afc82aa2d2e571a94bff762b9155ea874",
				sha512: "78b1442f25e2eececf4d7b274f0619ec84ccd6b81e95e7b01e55899d533e143678e9fa78b4c78c3e37c14a829c365838fa30a43371d47b65142933df758dd19b",
			},
			{
				sha256: "bba433989e1e700ca60838a3c22378e7d8381aeb0c9590f9ddf84d1714f10296",
				sha384: "a447b31e8f6e866d8c6df41f661928823571bd09cd6cd0547ac2fbf5dfca199f5b14ae28b2af2b87c74d3ec1d3e6d32d",
				sha512: "e48d679918397331d65495c6821014cc3d7200b2a608e0250cfd127639b0a15872839ca57907de9fe4651525fc8e3f69dde907680278f70a3e2894202cadebee",
			},
		},
	},
	{
		url:    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
		file:   "ob-3.0.1.jsonld",
		sha256: "af095468326d3449160509b26ca71576e6321d13c85b0369cfe3b654c9a48fba",
		editions: []edition{
			{
				sha256: "d582f3564282fb3b709136d28412e78e70b678b4dbc2f0221f67d84932748355",
				sha384: "410e4d78c8f236cd46b8bfd16d9ae498dae1fc4eebef0ef679bd821b87fc3334d96f6b585dde226471a7ba2cc9367195",
				sha512: "d5c9fecf908b1d743e57f1c14f4fb49a8e7418261355b7d1dc1772c6af6afa7fc155e31d154c7cb17f71f93c6a453e541234ec406bd43f2443df072be9ac6eb6",
			},
			{
				sha256: "cfc147db5fd5e3575b06bd471fe04784e92de69296f64a351b8dff0ec3372e9c",
				sha384: "acb8cd4635c55885ecc89f33a25dd1750774228b2332e1e46b18f42bcef043aece48cb014416cd087c5762ac09134493",
				sha512: "de92107588aead05bf010037bf63c4f1a4f53d123f2b7d349b95dd20d300d29b5e621bf3aeb891bd0431cc35feae7849535e4b2ec096eb5fc80f20815a75f3a3",
			},
		},
	},
	{
		url:     "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
		aliases: []string{"https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"},
		file:    "ob-3.0.0.jsonld",
		sha256:  "9f1c8f9f361ba2994b9b50701f41149919542c50c7b7455b2846d87959295d72",
		editions: []edition{
			{
				sha256: "b077fa134d909d92c1dcd1c153f2af1b244aeb415967fdc1467d7fc5dd48ac10",
				sha384: "cc77157457841319e05ab0d9657fe144150a626c1f0fd89c0e639f58d468edb5513597d9f14459310c86ec6b975b74cc",
				sha512: "6e9f47891f44591dc432245136dacdda016c1ba984faa79ebddb4ca69d2827301ffbfe2e5132d0a751d33fd0fb963c74fa7616a27185080248c49ad11e034f2a",
			},
		},
	},
	{
		url:    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
		file:   "ob-extensions.jsonld",
		sha256: "2d013f981d1f4516081a6a04e55468ba2b071d4153b794f19a79715c45a89a5e",
		editions: []edition{
			{
				sha256: "146f85aa16effd7ca1da8056eb443f53ce1eca8a34186cb062832c0a97d889c3",
				sha384: "cf59a4b4b190ae798814ab6bc911c02efde291c386aed1bb11bd5a572d1eb2669bfd87019e994388db504a09ac244d5e",
				sha512: "c4c25835ccbf75d1af4a8aad0bbca3d227b904cf462e0c7f17679dd90ff2e27b90fbaa15c3ab1525651471cff076f7cea3dabfd3eae33789e4a4c1f5ab276ca6",
			},
		},
	},
	{
		url:     "https://w3id.org/openbadges/v2",
		aliases: []string{"https://openbadgespec.org/v2/context.json"},
		file:    "ob-2.0.jsonld",
		sha256:  "6b27d7572ae0bd7e76ad2d74487461429b000831873395b4da9434a50bf81b51",
		editions: []edition{
			{
				sha256: "393a890d7d95eb3a86f5f12309648a64c2d0676e5270e2967b5341a2dcea13d2",
				sha384: "50c4d1c295b3b0ed10e0c29ad19693c21c429b8d082cf26861294afdcc5d7597313fb4483060f089657268045d499a62",
				sha512: "efa2b906905875829d6e9ccc3e33ad08c83374beb557bedb9c94f1b4109238aebed4cf055a1cee194bbeaa7099bbcbe8be19586591efd91c50ad8c1b09b3ddd3",
			},
		},
	},
	{
		url:    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
		file:   "clr-2.0.1.jsonld",
		sha256: "1e8f0aff8e0841e115a11e8dee45ec76665fae43c9c8ef4cb526282b251a839e",
		editions: []edition{
			{
				sha256: "880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
				sha384: "a846ad923699c67df5d09324134c645d1e15f4429f248856cbf1ca8967764cf8741476ea557dd505c891fe47e2487a1d",
				sha512: "a122c8c9243e53f93f0751a7fb4407f1187a99b66ef1860c8d1037df5d0ec3c8d9f2fca7de381709af390277c8b9ad39f777b1e505b4fd26c849fa0a9e36b5c4",
			},
		},
	},
	{
		url:    "https://purl.imsglobal.org/spec/clr/v2p0/context.json",
		file:   "clr-2.0.0.jsonld",
		sha256: "966c37bb0a146c0ac8cd0b502252a449c72c593cc696812884195b3bb81c34c3",
		editions: []edition{
			{
				sha256: "e198d7b517d74c5036434ce495086f67b10244709e9a3df9dcb7f8b1579b6167",
				sha384: "2abca41440ff4aa4e6e2ae0c00851e7110a9b15f6d519561ae8c83e6b1a4f5e894313c72b60086709f03f36a5c67ceff",
				sha512: "db0100c1d47e67d3b04986e8e9d6a1c304a24dd9dfaacd54d21f0d691aab0eeae8bb3b145307393199a182b71e997ec598ab4743546f74f80fb97e3f666b336f",
			},
		},
	},
	{
		url:    "https://w3id.org/security/data-integrity/v2",
		file:   "data-integrity-v2.jsonld",
		sha256: "0f77743daf5b4e8fc067fc5ba5b21044283053aa717fc6b0219843bed3b00363",
		editions: []edition{
			{
				sha256: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
				sha384: "0ee2d7626717f8b07cd449b525d5e2b71fe27209fc99e53089e0169dd2944d793feea4526fc60bb9cca1cd96512391f6",
				sha512: "39cd7a9a4047b74b8524640fe35633e81e8286d14bdbb7e77d0e08d850b00d6a35b0185d5de35c479baedb23a17989d9f628ac95531fdd79c0c5a0f632d9fa95",
			},
		},
	},
	{
		url:    "https://w3id.org/security/data-integrity/v1",
		file:   "data-integrity-v1.jsonld",
		sha256: "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
		editions: []edition{
			{
				sha256: "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
				sha384: "1f7b51154c2cb596b804d3eedeabb7678c7ea4d36f5201496a681dbd868d5dc0cb90a8839f5142ccdc91fdb92c5adcf2",
				sha512: "c49951bd9f3e8f4d231fce5e45798a2d32fb7ef4a4f1a2e8d2f3dab5d10333a1421339974ee77159edae259fcf73c7cf136f1e3004ded5af25ac38983d2e8eca",
			},
		},
	},
	{
		url:    "https://w3id.org/security/multikey/v1",
		file:   "multikey-v1.jsonld",
		sha256: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
		editions: []edition{
			{
				sha256: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
				sha384: "0fa51641d12fb8c701b2e6a9492556f25d32bb4af84a96f11808f0a623b972434dd18a8f1f1865bc68d8ee046c4e5a3e",
				sha512: "127d1338ea7f702d745ed5bf6900eda8aac4419da5463181fca02c27e05085106e7d3eece9ea0e156bcff5c3f99eead397785c453bc579f7dd5496a991e10b5f",
			},
		},
	},
	{
		url:    "https://w3id.org/security/jwk/v1",
		file:   "jwk-v1.jsonld",
		sha256: "b91ccd71b2fa6a0413f85f1661caea74b591f8ac151377958dad6a29a3926c0f",
		editions: []edition{
			{
				sha256: "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
				sha384: "762dc55ce79f361e3bbeb7d3cb0ddb3e44b8e2885261f8283183959d1aaa33904af6a8005059ed9641500eab7d8ddae5",
				sha512: "0efbff84523d720a2f331fec4fbedc969ee2e75764c0ed325c72cb56bc539d3a9c642023c958735afd5357554ab1f7e13111f0dcf861f59b2bc045126cd85211",
			},
		},
	},
	{
		url:    "https://w3id.org/security/suites/ed25519-2020/v1",
		file:   "ed25519-2020-v1.jsonld",
		sha256: "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
		editions: []edition{
			{
				sha256: "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
				sha384: "098b18f472b842cfa7520364d4062aa3c97896c17a6a5ae72e6bfb509641e64eed96156b35f7771283dfd3a53ccd79d1",
				sha512: "796ae7e264d600419ff361bc63d6fcb4fa9d7355f51aaa5f15df3dc95e241900d615ea99554f4b849802cc82a016ce0294651dadf09ab5179499b475c221c28a",
			},
		},
	},
	{
		url:    "https://w3id.org/security/suites/jws-2020/v1",
		file:   "jws-2020-v1.jsonld",
		sha256: "ef0ae6f2382bd0efd39067c07263d26ae9b4cc5e4746111ba524d48125b484c3",
		editions: []edition{
			{
				sha256: "d648e05ddc6577827ca2bfd5e931f53e9ebc6e52a57a8da81df4ec8c46ffcd1e",
				sha384: "68ace96e5e688f4ed074ccf4dcd2952e12ae653510047fc0b067707600fa6e061b1ef3ecf15946d452ad4c9fd246173b",
				sha512: "738090a1b4de1d8123819f056a30378dc1462202a530acfdd4daf1d4312547b58fc2b6389d73598b8569a1d249d796e630fe71a2aa7135bb49d9f9d444244305",
			},
		},
	},
	{
		url:    "https://w3id.org/security/v2",
		file:   "security-v2.jsonld",
		sha256: "4cb186bc29c08af6e40c58178c22dd84d542f2871a063afed6e648b47abc3cf6",
		editions: []edition{
			{
				sha256: "611bd81151d5efe53ec9aed78f5a813e577287bc9451ee26d6879b1b8b46bc3b",
				sha384: "0389bcd5f3cca9ab75aaed6d240089759f0ccf1f38de5823421196e9ca38633dbbb0b394356a793060dc47dd847a2529",
				sha512: "c9fef1e515673f34159a5ad1cceb4d843e9b10d316b24cc544046f1fdba880da83a7e83e4c7667eb9f8d090ea7cfa733d5e54a4859322154e2163974dec211ab",
			},
		},
	},
	{
		url:    "https://w3id.org/security/v1",
		file:   "security-v1.jsonld",
		sha256: "e2d146cd556f6fa5f14996c6f1749667d5a14073fa30f0643990068e2c0b1bac",
		editions: []edition{
			{
				sha256: "abaf97e107d1925503c433dcaf3ffd2831697cacc1ed2a293e1bc8030d5bcb47",
				sha384: "5600a6491c9d259eb3fa605a471d096f51f8821f025e3ac4068743a3d01dc7b68787718620c6cfaca0a3e9c614d6d242",
				sha512: "bcdf8e65a49a82d78e8970579bb4c808b267602aaf4561197c914ef87538ff061dade20db72644df66f435500b0b1e1e549e68971290f142bfd7f5df90e13cbc",
			},
		},
	},
	{
		url:    "https://www.w3.org/ns/did/v1",
		file:   "did-v1.jsonld",
		sha256: "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
		editions: []edition{
			{
				sha256: "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
				sha384: "9791d7bffe1fa54a91335561b6a5abc0144e7df9974464ff348ba66227714e6b06cf471a6233306128f1898287ff42a5",
				sha512: "864709adacb0a31980fa2c95be72bb9433c51cee2cd6112018fb4dafedeea9eae5701e6be3c870366e41942cf708b6292aacde414b109d162bda6a9600a6a147",
			},
		},
	},
	{
		url:    "https://www.w3.org/ns/cid/v1",
		file:   "cid-v1.jsonld",
		sha256: "6a0e5dc09d769ca0eda41953f20d6a2eaff652ddd592224e88496e0e3b396bee",
		editions: []edition{
			{
				sha256: "ea216ecc1cb02cd39b693dba2250141e270ba0bf95890be107dd9a9e8e43de85",
				sha384: "327d924d4a48518eb5425e8a9430a3f20d9678bb1111cddbf0ff2a67b854ee485c2ef149dfcd4516dfc1af7e733bec18",
				sha512: "2b46fc794597baa8e55b85621e7ba3829ac89cda777496b60fe44c0aa1cbbffd0c4ee7709a2d9fb4d6255380342b49a15ac0b3d6e6084a5505c6cc4253c357cb",
			},
		},
	},
	{
		url:    "https://www.w3.org/ns/credentials/status/v1",
		file:   "status-v1.jsonld",
		sha256: "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c",
		editions: []edition{
			{
				sha256: "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
				sha384: "ac0ef813833ebd666b6170a61c5adacc6d7d2f5a040d16c2928e8414d4fa07f64d70313021e02bf4f97bdd123ed9a84e",
				sha512: "ff2ca7667b990373b46b12535e6b8de8eae270143278715ad935b159216521e514cb1ccd8517410a2429527e24d8fc96f88f8b734887a2602e6ee07b83b66fed",
			},
		},
	},
	{
		url:    "https://w3id.org/vc/status-list/2021/v1",
		file:   "status-list-2021-v1.jsonld",
		sha256: "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
		editions: []edition{
			{
				sha256: "6dd06a52bedb771e059c1083ba8ba7848dce22f6b4a8cfa0b98ba3fc188870e4",
				sha384: "39cf407ecaeb587a59e2e367384219d14e52d5997624ce61bbc9af4a7e4e3f6205e5d100b4c4e6fd1e19bc37046c5194",
				sha512: "c0f46c24a26c7f3ab337137c8cb5a9aeb3477c057f52983026115b50c1680ad2bed6c7715db487f35e197ed272a80fb031e64514d8ec8b8799a3430b5d37509e",
			},
		},
	},
}
