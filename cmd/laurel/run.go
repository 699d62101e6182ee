package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// commandLine is everything that can be typed after "laurel". A flag with an
// env tag is a setting: it can stand in the environment and, under its own
// name, in the file that --config names.
type commandLine struct {
	Help   helpFlag `short:"h" help:"Show this help."`
	Config string   `placeholder:"FILE" env:"LAUREL_CONFIG" help:"YAML file with settings by flag name. Flags and LAUREL_* come first."`

	Init        initCommand        `cmd:"" help:"Set up an institution: a data directory, its signing key, an API key."`
	Serve       serveCommand       `cmd:"" help:"Serve an institution: badges, status lists, checking, the operators' API."`
	Verifier    verifierCommand    `cmd:"" help:"Serve the checking of badges alone."`
	Demo        demoCommand        `cmd:"" help:"Try everything on this machine; leaves nothing behind."`
	Achievement achievementCommand `cmd:"" help:"Describe what can be achieved."`
	Issue       issueCommand       `cmd:"" help:"Award a badge."`
	Award       awardCommand       `cmd:"" help:"Award a badge to the people of a file."`
	Verify      verifyCommand      `cmd:"" help:"Check a badge: exit 0 valid, 1 invalid, 2 could not be decided."`
	Bake        bakeCommand        `cmd:"" help:"Put a badge into a picture."`
	Unbake      unbakeCommand      `cmd:"" help:"Take the badge out of a picture."`
	Reissue     reissueCommand     `cmd:"" help:"Award a corrected badge in the place of another."`
	Renew       renewCommand       `cmd:"" help:"Award a badge anew for a further period."`
	Status      statusCommand      `cmd:"" help:"Revoke, suspend or reinstate badges."`
	Keys        keysCommand        `cmd:"" help:"List and change signing keys."`
	Tenant      tenantCommand      `cmd:"" help:"Set up further institutions in the installation, and their quotas."`
	APIKey      apiKeyCommand      `cmd:"" name:"apikey" help:"Make, list and end API keys."`
	Audit       auditCommand       `cmd:"" help:"Check the record of acts, and list it."`
	Webhooks    webhooksCommand    `cmd:"" help:"Have events sent to other systems."`
	Outbox      outboxCommand      `cmd:"" help:"See what was and is to be sent, and send it again."`
	Export      exportCommand      `cmd:"" help:"Give out all that is kept of a person."`
	Erase       eraseCommand       `cmd:"" help:"Destroy the data of a person; shows first what that is."`
	Fsck        fsckCommand        `cmd:"" help:"Check whether the data is whole: exit 0 it is, 1 it is not, 2 not everything could be checked."`
	Backup      backupCommand      `cmd:"" help:"Copy the data into one encrypted file, also while it is served."`
	Restore     restoreCommand     `cmd:"" help:"Make the data of a backup."`
	Compact     compactCommand     `cmd:"" help:"Write the data anew without what was removed from it."`
	Conformance conformanceCommand `cmd:"" help:"Serve throw-away instances of the VC API on this machine, for conformance suites."`
	JoseCose    joseCoseCommand    `cmd:"" name:"jose-cose" help:"Secure or verify one document, for the conformance suite of VC-JOSE-COSE."`
	Version     versionCommand     `cmd:"" help:"Say what this program is made of."`
}

const description = `Laurel issues, hosts and checks Open Badges 3.0.

Exit codes: 0 fine, 1 a fault was found, 2 could not run, 64 usage, 66 input not readable, ` +
	`69 something needed is missing, 73 exists already, 75 busy. "laurel demo" is a good start.`

// errHelp ends parsing after the help was shown.
var errHelp = errors.New("help was asked for")

type helpFlag bool

// IgnoreDefault keeps the default of the flag from counting as a request.
func (helpFlag) IgnoreDefault() {}

// BeforeReset shows the help of the command that was named.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errHelp
}

// run is the program without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	console := &console{stdin: stdin, stdout: stdout, stderr: stderr}
	command, err := parse(args, console)
	if errors.Is(err, errHelp) {
		return exitFine
	}
	if err == nil {
		command.BindTo(ctx, (*context.Context)(nil))
		err = command.Run(console)
	}
	if err == nil {
		return exitFine
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("stopped by a signal")
	}
	failure := explain(err)
	if !failure.silent {
		console.fail(failure)
	}
	return failure.code
}

func parse(args []string, console *console) (*kong.Context, error) {
	var line commandLine
	parser, err := kong.New(&line,
		kong.Name("laurel"), kong.Description(description),
		kong.Writers(console.stdout, console.stderr),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.WithBeforeResolve(resolveFromFile),
	)
	if err != nil {
		return nil, err // a fault in the tags above, which no user can cause
	}
	if err := dropEmptySettings(); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	var known *failure
	switch {
	case err == nil:
		return command, nil
	case errors.Is(err, errHelp) || errors.As(err, &known):
		return nil, err
	}
	return nil, usage(fmt.Errorf("reading command line: %w", err), "%s --help", commandName(err))
}

// commandName is the command that a parse error is about, as far as it was
// understood.
func commandName(err error) string {
	name := []string{"laurel"}
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		for _, step := range parse.Context.Path {
			if step.Command != nil {
				name = append(name, step.Command.Name)
			}
		}
	}
	return strings.Join(name, " ")
}

// dropEmptySettings makes a variable that is set to nothing one that is not
// set: that is what LAUREL_LISTEN=$ADDRESS means where there is no ADDRESS.
func dropEmptySettings() error {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "LAUREL_") && value == "" {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// environmentSet reports whether one of a flag's variables is set.
func environmentSet(names []string) bool {
	for _, name := range names {
		if _, ok := os.LookupEnv(name); ok {
			return true
		}
	}
	return false
}
