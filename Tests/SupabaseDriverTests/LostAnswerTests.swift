import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Simulator
import SimulatorKit
import SupabaseDriver
import Testing

@Suite("Secrets of Supabase of which no answer told what became")
struct LostAnswerTests {
    /// Faults, what is pushed in spite of them, the code of what is told, and words that it has to have.
    @Test(
        "a sync whose answer was lost, or was 5xx, is looked at before anything is said, and says what is there",
        arguments: [
            ([], true, nil, ""),
            (["POST ** drop-after"], true, nil, ""), (["POST ** 500-after"], true, nil, ""),
            (["POST ** html=502"], false, "SB-0007", "looked again, not there: C_KEY"),
            (["POST ** late-effect=3"], true, nil, ""), (["POST ** timeout-after=300"], true, nil, ""),
            (["POST ** 500-before"], false, "SB-0007", "looked again, not there: C_KEY"),
            (["POST ** drop-before"], false, "SB-0010", "looked again, not there: C_KEY"),
            (["POST ** drop-after", "GET ** 500-before x99 +1"], false, "SB-0010", "can't be told of C_KEY: SB-0007"),
            (
                ["GET ** 500-before x99 +1"], false, "SB-0007",
                "accepted; whether it is there now can't be told of C_KEY"
            ),
        ] as [([String], Bool, String?, String)])
    func lostSync(faults: [String], isPushed: Bool, code: String?, words: String) async throws {
        let account = try Account(LifeTests.seeded)
        let wish = SecretWish("C_KEY", .environment("API_KEY"))
        let known = [SecretWish("NOWHERE", .environment("NOWHERE"))]
        #expect(await account.driver.syncSecrets(known, to: LifeTests.ref, account.context).fault == nil)
        for text in faults { account.simulator.order(try FaultOrder(text: text)) }
        let outcome = await account.driver.syncSecrets([wish], to: LifeTests.ref, account.context)
        #expect(outcome.fault?.code == code, "\(outcome)")
        #expect(outcome.pushed == (isPushed ? ["C_KEY"] : []) && outcome.left == (isPushed ? [] : [wish]))
        #expect(outcome.fault?.message.contains(words) != false, "\(outcome)")
        #expect(outcome.fault.map { $0.disposition == .observeAgain } != false, "\(outcome)")
        #expect(account.simulator.requestLog.count { $0.method == "POST" } == 1)
        // Who asks is told the command; once more sets what isn't there and leaves the rest.
        let pointed = outcome.pointing { "COMMAND \($0 ?? "-") \($1.map(\.name))" }
        #expect(pointed.fault?.hint?.hasSuffix("COMMAND \(LifeTests.ref) [\"C_KEY\"]") != false, "\(pointed)")
        account.simulator.clearFaults()
        let again = await account.driver.syncSecrets([wish], to: LifeTests.ref, account.context)
        #expect(again.fault == nil && (again.pushed + again.unchanged) == ["C_KEY"])
        #expect(!account.lines.withLock { $0 }.contains { $0.contains(Account.value) })
    }

    @Test("a step that sets a secret anew is done only where the value that was sent is there")
    func lostStep() async throws {
        let account = try Account(LifeTests.seeded)
        let digest = Value.string(Digest(of: Account.value).hex)
        let wish = wanted(
            .supabaseSecret, "\(LifeTests.ref)/MAILGUN_KEY", ["value_from": "env:API_KEY", "value_sha256": digest])
        for (fault, isDone) in [("500-before", false), ("drop-before", false), ("drop-after", true)] {
            account.simulator.clearRequestLog()
            account.simulator.order(try FaultOrder(text: "POST ** \(fault) x9"))
            let outcome = await account.pass([wish]).outcomes[wish.key]
            account.simulator.clearFaults()
            if isDone {
                #expect(outcome?.fault == nil && account.simulator.requestLog.count { $0.method == "POST" } == 1)
            } else if case .unknown = outcome {
                #expect(outcome?.fault != nil)
            } else {
                Issue.record("\(fault): \(String(describing: outcome))")
            }
        }
        #expect(await account.plan([wish]).changes.isEmpty)
    }
}
