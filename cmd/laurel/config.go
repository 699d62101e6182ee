package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// settingsFile is a file of settings: values by flag name.
type settingsFile map[string]any

// resolveFromFile makes the settings of the --config file, if there is one,
// the values of flags that stand neither on the command line nor in the
// environment.
func resolveFromFile(ctx *kong.Context) error {
	var path string
	for _, flag := range ctx.Flags() {
		if flag.Name == "config" {
			path, _ = ctx.FlagValue(flag).(string)
		}
	}
	if path == "" {
		return nil
	}
	file, err := readSettingsFile(path, knownSettings(ctx.Model))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(fmt.Errorf("reading configuration: %w", err), "")
	case err != nil:
		return usage(fmt.Errorf("reading configuration %s: %w", path, err), "the settings are the flags with a $LAUREL_ name in laurel serve --help")
	}
	ctx.AddResolver(file)
	return nil
}

// knownSettings are the names that a file may hold: one set for all commands,
// so that one file serves them all.
func knownSettings(model *kong.Application) map[string]bool {
	known := make(map[string]bool)
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && (len(flag.Envs) > 0 && flag.Name != "config" || flag.Name == instanceSetting) {
			known[flag.Name] = true
		}
		return next(nil)
	})
	return known
}

func readSettingsFile(path string, known map[string]bool) (settingsFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var document struct {
		Settings map[string]yaml.Node `yaml:",inline"`
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	file := make(settingsFile, len(document.Settings))
	for name, node := range document.Settings {
		if !known[name] {
			return nil, fmt.Errorf("line %d: unknown key %q", node.Line, name)
		}
		if name == instanceSetting {
			if file[name], err = readInstances(&node); err != nil {
				return nil, err
			}
			continue
		}
		if file[name], err = setting(&node); err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", node.Line, name, err)
		}
	}
	return file, nil
}

// setting is a scalar as it is written, or a list of such scalars.
func setting(node *yaml.Node) (any, error) {
	switch {
	case node.Kind == yaml.AliasNode:
		return setting(node.Alias)
	case node.Kind == yaml.ScalarNode && node.ShortTag() != "!!null":
		return node.Value, nil
	case node.Kind == yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, element := range node.Content {
			if element.Kind != yaml.ScalarNode || element.ShortTag() == "!!null" {
				return nil, fmt.Errorf("entry %d is not a plain value", i+1)
			}
			list[i] = element.Value
		}
		return list, nil
	}
	return nil, fmt.Errorf("not a plain value or a list of them")
}

// Validate implements kong.Resolver. The keys were looked at when the file was
// read.
func (settingsFile) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (s settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if environmentSet(flag.Envs) {
		return nil, nil
	}
	return s[flag.Name], nil
}
