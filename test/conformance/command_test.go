package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/test/program"
)

// names are the instances that a laboratory has.
var names = []string{
	"eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019-p256", "ecdsa-rdfc-2019-p384", "ecdsa-jcs-2019-p256",
	"ecdsa-jcs-2019-p384", "ecdsa-sd-2023", "bbs-2023", "ed25519-2020", "vc2", "vc-jwt", "status", "vc-api",
}

func TestCommandPrintsOneLineAndEndsWithTheSignal(t *testing.T) {
	for _, flags := range [][]string{nil, {"--tls"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			command := exec.Command(program.Path(t), append([]string{"conformance", "--listen", "127.0.0.1:0"}, flags...)...)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() })
			defer kill.Stop()
			reader := bufio.NewReader(stdout)
			line, err := reader.ReadBytes('\n')
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.Bytes())
			}
			var printed []*instance
			if err := json.Unmarshal(line, &printed); err != nil {
				t.Fatalf("%v\n%s", err, line)
			}
			var got []string
			for _, one := range printed {
				if one.IssuerDID == "" {
					continue // the resolver signs nothing
				}
				got = append(got, one.Name)
				checkPrinted(t, one, len(flags) > 0)
			}
			if diff := cmp.Diff(names, got); diff != "" {
				t.Errorf("instances (-want +got):\n%s", diff)
			}
			if err := command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			rest, _ := reader.ReadBytes(0)
			if err := command.Wait(); err != nil {
				t.Errorf("it ends with %v\n%s", err, stderr.Bytes())
			}
			if len(rest) > 0 {
				t.Errorf("it prints more than one line: %s", rest)
			}
			if caFile := printed[0].CAFile; caFile != "" {
				if _, err := os.Stat(caFile); !os.IsNotExist(err) {
					t.Errorf("the certificate is left behind: %v", err)
				}
			}
		})
	}
}

// checkPrinted holds what is printed of an instance to its shape.
func checkPrinted(t *testing.T, one *instance, secure bool) {
	t.Helper()
	if !strings.HasPrefix(one.IssuerDID, "did:key:") || !strings.HasPrefix(one.VerificationMethod, one.IssuerDID+"#") {
		t.Errorf("%s: issuer %q, key %q", one.Name, one.IssuerDID, one.VerificationMethod)
	}
	if secure != (one.CAFile != "") {
		t.Errorf("%s: caFile %q", one.Name, one.CAFile)
	}
	for _, needed := range []string{"issue", "verify"} {
		if one.Endpoints[needed] == "" {
			t.Errorf("%s has no endpoint %s", one.Name, needed)
		}
	}
	for name, endpoint := range one.Endpoints {
		u, err := url.Parse(endpoint)
		if err != nil || u.Hostname() != "127.0.0.1" || secure != (u.Scheme == "https") {
			t.Errorf("%s: endpoint %s is %q", one.Name, name, endpoint)
		}
	}
}

func TestCommandListensOnThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.org:0", "127.0.0.1", "[::]:0"} {
		result := program.Run(t, nil, "conformance", "--listen", address)
		if result.Code != 64 || len(result.Stdout) > 0 {
			t.Errorf("--listen %s: exit %d, %s%s", address, result.Code, result.Stdout, result.Stderr)
		}
	}
}

func TestServeDoesNotKnowTheContextsOfSuites(t *testing.T) {
	result := program.Run(t, nil, "version")
	for _, context := range []string{"ns/credentials/examples/v2", "2018/credentials/examples/v1", "citizenship/v4rc1", "vdl/v1"} {
		if bytes.Contains(result.Stdout, []byte(context)) {
			t.Errorf("laurel version lists %s", context)
		}
	}
}
