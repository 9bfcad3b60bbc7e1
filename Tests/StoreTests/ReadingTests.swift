import Basics
import DesiredState
import Formats
import Glibc
import StoreSQLite
import Testing

@testable import Store

/// How what is kept comes to whoever asks for it.
@Suite struct ReadingTests {
    @Test func `who is at home with a store reads where they are`() async throws {
        try await TestStore.with(.sqlite) { test in
            let home = try #require(test.store.home)
            let engine = test.engine
            await Task(executorPreference: home) {
                let mine = pthread_self()
                let reader = try? await engine.read { (_: any SQLConnection) throws(StoreFault) -> UInt in
                    pthread_self()
                }
                #expect(reader == mine)
                // What is written goes to the one thread that writes.
                let writer = try? await engine.transaction { (_: any SQLConnection) throws(StoreFault) -> UInt in
                    pthread_self()
                }
                #expect(writer != nil && writer != mine)
            }.value
        }
        #expect(try await SQLiteEngine.open(path: ":memory:").home == nil)
    }

    @Test(arguments: [
        #"{"a":1,"b":{"c":[{"d":null,"e":"x"}]}}"#, #"{"b":{"z":1,"a":[{"y":1,"x":"n\u0000"}]},"a":{}}"#,
        #"[{"a":{"c":1,"b":2}}]"#, #""a\u0000""#, #"{"a\u0000":1,"a":2}"#, "{}", "[]", "null", "7",
    ]) func `members are sorted at each depth and hold no NUL, whether they were sorted before or not`(text: String)
        throws
    {
        func wanted(_ value: Value) -> Value {
            func plain(_ text: String) -> String {
                String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
            }
            switch value {
            case .list(let items): return .list(items.map(wanted))
            case .object(let object):
                let members = object.members.map { Value.Object.Member(plain($0.name), wanted($0.value)) }
                return .object(Value.Object(members.sorted { $0.name.precedesByBytes($1.name) }))
            case .string(let text): return .string(plain(text))
            default: return value
            }
        }
        let value = try JSON.parse(text)
        #expect(StoredJSON.value(text) == value)
        #expect(StoredJSON.sorted(value) == wanted(value))
        #expect(StoredJSON.sorted(wanted(value)) == wanted(value))
    }
}
