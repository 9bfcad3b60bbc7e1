import Basics
import DesiredState
import Diff
import Formats
import Testing

@Suite("What a plan rests on")
struct DepartureTests {
    private static func found(_ accounts: [String: String], untold: Set<String> = []) -> Lineage {
        var lineage = Lineage(accounts: accounts)
        lineage.untold = untold
        return lineage
    }

    private static let remembered = Lineage(
        revision: "a", accounts: ["digitalocean": "team 1", "postgres": "server 7 at db:5432"])

    /// What was found, what of it is another than it was, and what is remembered before and after a person said yes.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let found: Lineage
        let what: String?
        var held = remembered.accounts
        var approved = remembered.accounts
    }

    static let cases: [Case] = [
        Case(
            testDescription: "the same", found: found(remembered.accounts), what: nil),
        Case(testDescription: "nobody was asked", found: found([:]), what: nil),
        Case(
            testDescription: "a provider that is new", found: found(["docker": "engine E"]), what: nil,
            held: remembered.accounts.merging(["docker": "engine E"]) { $1 },
            approved: remembered.accounts.merging(["docker": "engine E"]) { $1 }),
        Case(testDescription: "a provider that never told", found: found([:], untold: ["docker"]), what: nil),
        Case(
            testDescription: "another team", found: found(["digitalocean": "team 2", "docker": "engine E"]),
            what: "digitalocean leads to team 2 now, and led to team 1",
            held: remembered.accounts.merging(["docker": "engine E"]) { $1 },
            approved: ["digitalocean": "team 2", "docker": "engine E", "postgres": "server 7 at db:5432"]),
        Case(
            testDescription: "a copy of a server at another address",
            found: found(["digitalocean": "team 1", "postgres": "server 7 at copy:5432"]),
            what: "postgres leads to server 7 at copy:5432 now, and led to server 7 at db:5432",
            approved: ["digitalocean": "team 1", "postgres": "server 7 at copy:5432"]),
        Case(
            testDescription: "one is another, and one doesn't tell any more",
            found: found(["postgres": "server 8 at db:5432"], untold: ["digitalocean"]),
            what: "digitalocean doesn't tell any more whom it leads to, and led to team 1, "
                + "postgres leads to server 8 at db:5432 now, and led to server 7 at db:5432",
            approved: ["postgres": "server 8 at db:5432"]),
    ]

    @Test("A departure is told from a resource by its key")
    func keys() {
        for subject in Departure.Subject.allCases {
            #expect(Departure.isKey(Departure(subject, from: "a", to: "b").key), "\(subject)")
        }
        for text in ["source.care/other", "sources.care/ssot", "digitalocean.droplet/source.care"] {
            #expect(ResourceKey(text).map { Departure.isKey($0) } == false, "\(text)")
        }
    }

    @Test("Another account is a departure, and what is remembered of it stays until it is meant", arguments: cases)
    func tellsAccounts(_ test: Case) {
        let departure = Self.remembered.departure(.accounts, in: test.found)
        #expect(departure?.what == test.what)
        #expect(departure.map { $0.key.description } == test.what.map { _ in "source.accounts/ssot" })
        let held = Self.remembered.next(test.found, without: departure == nil ? [] : [.accounts])
        #expect(held.accounts == test.held && held.untold.isEmpty)
        #expect(Self.remembered.next(test.found, without: []).accounts == test.approved)
        #expect(held.revision == "a")
    }

    @Test("Each provider is told its own doubt, and an approval is of one way only")
    func bindsDoubts() throws {
        let departure = try #require(
            Self.remembered.departure(.accounts, in: Self.found(["digitalocean": "team 2"], untold: ["postgres"])))
        #expect(
            departure.doubt(of: "digitalocean")
                == "it leads to team 2 now, and led to team 1: look at the credential and the address of "
                + "providers.digitalocean and providers.postgres; if it is meant: reconcile approve RUN --key "
                + "source.accounts/ssot")
        #expect(departure.doubt(of: "postgres")?.hasPrefix("it doesn't tell any more whom it leads to") == true)
        #expect(departure.doubt(of: "docker") == nil)
        let third = try #require(
            Self.remembered.departure(.accounts, in: Self.found(["digitalocean": "team 3"], untold: ["postgres"])))
        #expect(departure.approvalDigest != third.approvalDigest)
    }
}
