import Testing

@testable import Fletch

@Suite struct RecordMarksTests {
    @Test func nothingIsAcknowledgedBeforeItsWholeRecordIs() {
        var marks = RecordMarks()
        marks.note(requestEnd: 100, recordEnd: 522)
        marks.note(requestEnd: 250, recordEnd: 694)
        for (recordBytes, acknowledged) in [(UInt64(0), 0), (521, 0), (522, 100), (693, 100), (694, 250), (9_999, 250)]
        {
            marks.acknowledge(recordBytes: recordBytes, unacknowledged: 0)
            #expect(marks.acknowledgedBytes == acknowledged)
        }
    }

    @Test func laterNoteAtTheSamePlaceCountsForBoth() {
        var marks = RecordMarks()
        marks.note(requestEnd: 100, recordEnd: 522)
        marks.note(requestEnd: 100, recordEnd: 522)
        marks.acknowledge(recordBytes: 522, unacknowledged: 0)
        #expect(marks.acknowledgedBytes == 100)
    }

    @Test func unacknowledgedBytesAreTheLastOnes() {
        for (unacknowledged, acknowledged) in [(Int32(-1), 100), (0, 100), (1, 0), (522, 0), (523, 0), (.max, 0)] {
            var marks = RecordMarks()
            marks.note(requestEnd: 100, recordEnd: 522)
            marks.acknowledge(recordBytes: 522, unacknowledged: unacknowledged)
            #expect(marks.acknowledgedBytes == acknowledged)
        }
    }
}
