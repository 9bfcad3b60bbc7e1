import Basics
import DesiredState
import Diff
import Reconciler
import Store
import Testing

@testable import Client

/// What `odooops` takes names of the service for, which it can't ask the service's rooms.
@Suite struct ServiceNameTests {
    @Test("A backup's schedule is named as the service names it")
    func backups() {
        #expect(ServiceNames.backup == ScheduledJob.backupPrefix)
    }

    @Test("What a plan rests on is told from resources as the service tells it", arguments: Departure.Subject.allCases)
    func departures(_ subject: Departure.Subject) throws {
        let key = try #require(ResourceKey("\(ServiceNames.departure)\(subject.rawValue)/ssot"))
        #expect(Departure.isKey(key))
    }

    @Test("Differences can be asked for by every cause that the service has a word for")
    func causes() throws {
        let list = try #require(ClientCommands.table.commands.first { $0.name == "drift list" })
        #expect(list.options.first { $0.name == "cause" }?.choices == ChangeCause.words)
    }
}
