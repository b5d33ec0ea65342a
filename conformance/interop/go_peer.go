// Go's golang.org/x/crypto/ssh, in either role; libraries.py says what it is told.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	_ "unsafe" // for linkname

	"golang.org/x/crypto/ssh"
)

const command = "cat; echo done >&2; exit 7"

// The library proposes less than it has, and its older versions tell nobody what that is. So we look at its own tables.
//
//go:linkname kexAlgoMap golang.org/x/crypto/ssh.kexAlgoMap
var kexAlgoMap map[string]interface{}

//go:linkname macModes golang.org/x/crypto/ssh.macModes
var macModes map[string]*struct{}

//go:linkname cipherModes golang.org/x/crypto/ssh.cipherModes
var cipherModes map[string]*struct{}

func algorithms(rekey string, server bool) ssh.Config {
	config := ssh.Config{}
	for name := range kexAlgoMap {
		if !server || servesWith(name) {
			config.KeyExchanges = append(config.KeyExchanges, name)
		}
	}
	for name := range macModes {
		config.MACs = append(config.MACs, name)
	}
	for name := range cipherModes {
		config.Ciphers = append(config.Ciphers, name)
	}
	sort.Strings(config.KeyExchanges)
	sort.Strings(config.MACs)
	sort.Strings(config.Ciphers)
	bytes, err := strconv.ParseUint(rekey, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	config.RekeyThreshold = bytes
	return config
}

// Some methods are there for clients only: a server that shall use one refuses before it has read anything.
func servesWith(kex string) bool {
	ours, theirs := net.Pipe()
	theirs.Close()
	config := &ssh.ServerConfig{Config: ssh.Config{KeyExchanges: []string{kex}}, NoClientAuth: true}
	_, _, _, err := ssh.NewServerConn(ours, config)
	return err == nil || !strings.Contains(err.Error(), "unsupported key exchange")
}

func readKey(path string) ssh.Signer {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func logIn(fields []string) (string, error) {
	port, user, key, source, target := fields[0], fields[1], fields[2], fields[3], fields[4]
	rekey, said := fields[5], fields[7] // there is no compression
	data, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	var hostKey ssh.PublicKey
	config := &ssh.ClientConfig{
		Config: algorithms(rekey, false),
		User:   user,
		Auth:   []ssh.AuthMethod{ssh.PublicKeys(readKey(key))},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			hostKey = key
			return nil
		},
	}
	client, err := ssh.Dial("tcp", "127.0.0.1:"+port, config)
	if err != nil {
		return "", err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return "", err
	}
	var out, errors bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = bytes.NewReader(data), &out, &errors
	status := 0
	if err := session.Run(said); err != nil {
		exit, ok := err.(*ssh.ExitError)
		if !ok {
			return "", err
		}
		status = exit.ExitStatus()
	}
	if err := os.WriteFile(target, out.Bytes(), 0o600); err != nil {
		return "", err
	}
	seen := base64.StdEncoding.EncodeToString(hostKey.Marshal())
	return fmt.Sprintf("ok\t%d\t%s\t%s", status, seen, strings.TrimSpace(errors.String())), nil
}

func runClient() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := logIn(strings.Split(lines.Text(), "\t")[1:])
		if err != nil {
			answer = "failed\t" + strings.NewReplacer("\t", " ", "\n", " ").Replace(err.Error())
		}
		fmt.Println(answer)
	}
}

func runServer(rekey, authorizedKeys string, hostKeys []string) {
	text, err := os.ReadFile(authorizedKeys)
	if err != nil {
		log.Fatal(err)
	}
	config := &ssh.ServerConfig{
		Config: algorithms(rekey, true),
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if strings.Contains(string(text), base64.StdEncoding.EncodeToString(key.Marshal())) {
				return nil, nil
			}
			return nil, fmt.Errorf("unknown key")
		},
	}
	for _, path := range hostKeys {
		config.AddHostKey(readKey(path))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening\t%d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go serve(connection, config)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

func serve(connection net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		log.Print(err)
		return
	}
	go ssh.DiscardRequests(requests)
	for wanted := range channels {
		if wanted.ChannelType() != "session" {
			wanted.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := wanted.Accept()
		if err != nil {
			log.Print(err)
			return
		}
		go session(channel, requests)
	}
}

func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for request := range requests {
		var exec struct{ Command string }
		right := request.Type == "exec" && ssh.Unmarshal(request.Payload, &exec) == nil && exec.Command == command
		request.Reply(right || request.Type == "env", nil)
		if right {
			go func() {
				io.Copy(channel, channel)
				io.WriteString(channel.Stderr(), "done\n")
				channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{7}))
				channel.Close()
			}()
		}
	}
}

func main() {
	if os.Args[1] == "client" {
		runClient()
	} else {
		runServer(os.Args[2], os.Args[3], os.Args[4:])
	}
}
