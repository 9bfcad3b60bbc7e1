import Basics
import Git
import TestKit
import Testing

/// What stands in known_hosts, what a host offers, and what a key file holds; sshd on one side, our own program on the other.
@Suite(
    .enabled(if: SampleRepository.isGitInstalled && builtProgram != nil && SecureShellServer.isInstalled),
    .timeLimit(.minutes(5)))
struct SecureShellTests {
    private struct Lab {
        let sample: SampleRepository
        let server: SecureShellServer
        var top: TemporaryDirectory { sample.directory }
        var name: String { "[127.0.0.1]:\(server.port)" }

        init(_ hostKeys: [String], settings: String = "") async throws {
            sample = try SampleRepository()
            try sample.commit(["a": "1"])
            server = try #require(
                try await SecureShellServer(directory: sample.directory, hostKeys: hostKeys, settings: settings))
        }

        /// Writes known_hosts with the keys of these files, in this order.
        func know(_ files: String...) throws {
            let lines = try files.map { file in
                "\(name) " + String(decoding: try FileSystem.read(top.path(file + ".pub")), as: UTF8.self)
            }
            try top.write(lines.joined(), to: "known")
        }

        func fetch() async -> GitFault? {
            let credential = GitCredential(
                kind: .sshKey(key: .file(top.path("key")), passphrase: nil), knownHosts: top.path("known"))
            let mirror = sample.mirror(
                "ssh://\(server.user)@127.0.0.1:\(server.port)\(sample.path)", credential: credential,
                transport: .child(executable: builtProgram ?? ""))
            defer { FileSystem.remove(mirror.directory) }
            return await faultOf { try await mirror.fetch(deadline: .seconds(20)) }
        }
    }

    /// ssh-keyscan writes ssh-rsa first, which a current server only takes with SHA-2 and libssh2 only with SHA-1.
    @Test func theBestKindOfKeyIsAskedForWhereverItStands() async throws {
        let lab = try await Lab(["rsa", "ecdsa", "ed25519"])
        try lab.know("host_rsa", "host_ecdsa", "host_ed25519")
        #expect(await lab.fetch() == nil)
        Shell.run("ssh-keygen -q -H -f \(lab.top.path("known"))")
        #expect(await lab.fetch() == nil)
        try lab.know("host_rsa", "host_ecdsa")
        #expect(await lab.fetch() == nil)
        let log = String(decoding: try FileSystem.read(lab.top.path("sshd.log")), as: UTF8.self)
        #expect(!log.contains("no matching host key type"), "asked for at once, not at a second try")
        // Another key of the best kind is a changed key, whatever else is known.
        try lab.know("host_rsa", "host_ecdsa", "stranger")
        #expect(await lab.fetch()?.cause == .hostKeyChanged)
        // The hint's own command.
        try lab.top.write("", to: "known")
        let hint = try #require(await lab.fetch()?.hint)
        Shell.run(hint)
        #expect(await lab.fetch() == nil)
    }

    /// A host that lost the best of its known keys is still known by the next one.
    @Test func aKnownKindThatTheHostNoLongerOffersGivesWayToTheNext() async throws {
        let lab = try await Lab(["rsa", "ecdsa"])
        try lab.know("stranger", "host_ecdsa")
        #expect(await lab.fetch() == nil)
        for (file, kind) in [("stranger", "ssh-ed25519"), ("host_rsa", "ssh-rsa")] {
            try lab.know(file)
            let fault = try #require(await lab.fetch())
            #expect(fault.cause == .hostKeyUnknown, "\(fault)")
            #expect(fault.message.contains("known_hosts has \(kind), the host offers"), "\(fault)")
            #expect(fault.message.contains("ecdsa-sha2-nistp256"))
            #expect(fault.message.contains("SHA-1") == (kind == "ssh-rsa"))
            let command = "ssh-keyscan -t ecdsa -p \(lab.server.port) 127.0.0.1 >> \(lab.top.path("known"))"
            #expect(fault.hint?.hasPrefix(command) == true, "\(fault)")
            Shell.run(fault.hint ?? "false")
            #expect(await lab.fetch() == nil, "what the hint says helps")
        }
    }

    @Test func aHostWithRSAAloneIsToldAsOneThatCannotBeChecked() async throws {
        let lab = try await Lab(["rsa"])
        try lab.know("host_rsa")
        let fault = try #require(await lab.fetch())
        #expect(fault.cause == .hostKeyUnknown, "\(fault)")
        #expect(fault.message.contains("it offers rsa-sha2-512, rsa-sha2-256;"), "\(fault)")
        #expect(fault.message.contains("of RSA only that with SHA-1"))
        #expect(fault.hint?.contains("ssh-keygen -A") == true)
    }

    /// The library has the same words for it as for a kind of key that isn't shared; the known key is not to blame.
    @Test func aHostWithoutACommonKeyExchangeIsNotTakenForAnUnknownOne() async throws {
        let lab = try await Lab(["ed25519"], settings: "KexAlgorithms sntrup761x25519-sha512@openssh.com")
        try lab.know("host_ed25519")
        let fault = try #require(await lab.fetch())
        #expect(fault.cause == .unreachable, "\(fault)")
        #expect(fault.message.contains("no key exchange, cipher or MAC in common"))
        #expect(fault.hint?.contains("ssh -vv -p \(lab.server.port)") == true)
    }

    /// Nothing is sent with a key that can't work, and none of it is ever told.
    @Test func aKeyThatCannotWorkIsToldBeforeAnybodyIsAsked() async throws {
        let sample = try SampleRepository()
        let top = sample.directory
        Shell.run(
            """
            cd \(top.path) && new() { ssh-keygen -q "$@"; }; new -t ed25519 -N '' -f open; new -t ed25519 -N secret1 -f locked
            new -t rsa -m PEM -N '' -f pem; new -t rsa -m PEM -N secret1 -f lockedpem; new -t ecdsa -m PKCS8 -N '' -f pkcs
            new -t ecdsa -m PKCS8 -N secret1 -f lockedpkcs; ssh-keygen -e -m PKCS8 -f pem.pub > public.pem
            ssh-keygen -e -f open.pub > public.ssh2
            """)
        try top.write("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", to: "putty")
        try top.write("t0ken-that-is-none\n", to: "other")
        func fault(_ file: String, _ passphrase: SecretReference? = nil) async throws -> GitFault {
            let mirror = sample.mirror(
                "ssh://git@127.0.0.1:9/x.git",
                credential: GitCredential(
                    kind: .sshKey(key: .file(top.path(file)), passphrase: passphrase), knownHosts: top.path("none"),
                    setting: "ssot"),
                transport: .child(executable: builtProgram ?? ""), environment: ["PHRASE": "secret1"])
            let fault = try #require(await faultOf { try await mirror.fetch(deadline: .seconds(10)) })
            let text = "\(fault)"
            for line in String(decoding: try FileSystem.read(top.path(file)), as: UTF8.self).split(separator: "\n") {
                #expect(!text.contains(line) && !text.contains("secret1"), "\(file)")
            }
            return fault
        }
        for file in ["open", "pem", "pkcs"] { #expect(try await fault(file).cause == .unreachable, "\(file)") }
        for file in ["locked", "lockedpem", "lockedpkcs"] {
            #expect(try await fault(file, .environment("PHRASE")).cause == .unreachable, "\(file)")
            let missing = try await fault(file)
            #expect(missing.cause == .credentialMissing, "\(missing)")
            #expect(missing.message == "the ssh key at file:\(top.path(file)) has a passphrase, and none is configured")
            #expect(missing.hint == "set ssot.ssh_passphrase to where it is: env:NAME or file:/path")
        }
        for file in ["open.pub", "public.pem", "public.ssh2"] {
            let wrong = try await fault(file)
            #expect(wrong.cause == .wrongCredential, "\(wrong)")
            #expect(wrong.message.contains("is a public key"))
        }
        #expect(try await fault("open.pub").hint?.hasSuffix("without .pub: \(top.path("open"))") == true)
        #expect(try await fault("putty").hint?.contains("puttygen \(top.path("putty")) -O private-openssh") == true)
        let other = try await fault("other")
        #expect(other.cause == .wrongCredential && other.message.contains("is no private key"), "\(other)")
    }
}
