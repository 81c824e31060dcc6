"""Who lives in the demo: sixty mentors over twenty subjects, and the students who reviewed them. All of them invented."""

from typing import NamedTuple


class Person(NamedTuple):
    name: str
    zone: str
    languages: tuple[str, ...]
    subjects: tuple[str, ...]
    levels: tuple[str, ...]
    hourly_rate_minor: int
    headline: str
    bio: str


S, U, C = "school", "university", "career"

MENTORS = (
    Person("Ngozi Adeyemi", "Africa/Lagos", ("en", "fr", "ig"), ("linear-algebra", "calculus", "real-analysis"), (U,), 4_400, "PhD mathematician who makes proofs feel like detective work", "Eigenvalues, proofs and exam technique for first and second year university students. We work from your own problem sheets."),
    Person("Samuel Oyelaran", "Europe/Lisbon", ("en", "pt"), ("linear-algebra", "statistics"), (S, U), 3_200, "Patient help for people who think they are bad at maths", "Ten years with adult learners going back to study. We start where you are and leave with a plan for four weeks."),
    Person("Ingrid Solheim", "Europe/Oslo", ("en", "nb"), ("linear-algebra", "physics"), (U,), 5_200, "Matrices first as pictures, then as algebra", "I taught the second-year course in Trondheim for six years and still mark its exams. Bring the sheet you are stuck on."),
    Person("Rafael Montoya", "America/Bogota", ("es", "en"), ("calculus", "physics"), (S, U), 2_400, "Calculus for engineers who never liked the epsilon", "Limits, integrals and series with the reason behind every rule. Sessions end with three problems you can solve alone."),
    Person("Hannah Whitlock", "Europe/London", ("en",), ("calculus", "economics"), (S,), 3_600, "A-level maths without the panic", "Former head of maths at a comprehensive. I know what examiners look for and what keeps students up at night."),
    Person("Minh Tran", "Asia/Ho_Chi_Minh", ("vi", "en"), ("calculus", "python"), (U, C), 2_000, "From derivatives to gradient descent in plain words", "I moved from pure maths into machine learning and teach the calculus you really need on the way."),
    Person("Eleni Papadaki", "Europe/Athens", ("el", "en"), ("real-analysis", "calculus"), (U,), 4_000, "Epsilon and delta, finally friends", "We read your lecture notes line by line until each sentence has a picture. Proof writing is a craft that can be learned."),
    Person("Thomas Berger", "Europe/Vienna", ("de", "en"), ("real-analysis", "linear-algebra"), (U,), 4_800, "Analysis I and II, the Austrian and German way", "I wrote the solutions for three years of exercise classes. Expect questions back, and a clear argument at the end."),
    Person("Chiara Lombardi", "Europe/Rome", ("it", "en"), ("real-analysis",), (U,), 3_800, "Measure theory for the brave and the late", "Preparing an oral exam in two weeks? We list what will be asked, and rehearse it until it sounds like you."),
    Person("Adaeze Obi", "Africa/Lagos", ("en", "ig"), ("statistics", "data-analysis"), (U, C), 3_000, "Statistics with data you care about", "Bring your thesis data. We choose the test together, run it, and write the paragraph that explains it."),
    Person("Lars Nyberg", "Europe/Stockholm", ("sv", "en"), ("statistics", "economics"), (U,), 5_600, "Regression without superstition", "Applied statistician in public health. I help you see which conclusions your numbers can carry and which they can't."),
    Person("Grace Mwangi", "Africa/Nairobi", ("en", "sw"), ("statistics", "biology"), (S, U), 2_600, "Probability from cards, dice and mosquito nets", "I teach biostatistics at university and love first encounters with probability. Slow is fine, guessing is not."),
    Person("Jonas Lindqvist", "Europe/Stockholm", ("en", "sv"), ("physics", "quantum-mechanics"), (U,), 5_000, "Physics lecturer, maths for engineers", "Matrices, vector spaces and the maths behind quantum mechanics, always with a picture first and the algebra second."),
    Person("Amelia Novak", "America/Chicago", ("en",), ("physics", "calculus"), (S, U), 4_500, "AP Physics by someone who builds bridges", "Structural engineer by day. Free-body diagrams, energy and momentum explained with things that could fall on you."),
    Person("Karim Haddad", "Asia/Beirut", ("ar", "fr", "en"), ("physics",), (S, U), 2_800, "Physics for the French baccalauréat and first year", "Mechanics and waves in Arabic, French or English. We repeat until you can explain it to me."),
    Person("Yuki Tanaka", "Asia/Tokyo", ("ja", "en"), ("quantum-mechanics", "physics"), (U,), 5_400, "Bra, ket and what they mean in the lab", "Experimental physicist. I will show you the oscilloscope traces behind the equations in your textbook."),
    Person("Marta Kowalska", "Europe/Warsaw", ("pl", "en"), ("quantum-mechanics", "linear-algebra"), (U,), 3_400, "Quantum mechanics with the linear algebra you skipped", "Half of the trouble in the course is maths. We mend that first, then the rest becomes surprisingly friendly."),
    Person("Daniel Osei", "Africa/Accra", ("en",), ("quantum-mechanics",), (U,), 2_600, "Problem sessions for quantum one", "I solve nothing for you. I ask the question that lets you solve it, and stay until you have."),
    Person("Beatriz Almeida", "America/Sao_Paulo", ("pt", "en"), ("chemistry", "biology"), (S, U), 2_800, "Organic chemistry as a story of electrons", "Mechanisms are sentences: who gives, who takes, who leaves. After a month you will read them aloud."),
    Person("Fiona MacLeod", "Europe/London", ("en", "gd"), ("chemistry",), (S,), 3_500, "Highers and A-level chemistry, calm and complete", "Twenty years in Scottish classrooms. I bring models, past papers and a great deal of patience."),
    Person("Arjun Mehta", "Asia/Kolkata", ("hi", "en"), ("chemistry", "physics"), (S, U), 1_800, "Physical chemistry for entrance exams", "Thermodynamics and equilibrium with the tricks that are not tricks at all once you see the idea."),
    Person("Sofia Lindgren", "Europe/Helsinki", ("fi", "sv", "en"), ("biology", "chemistry"), (U,), 3_900, "Molecular biology, drawn by hand", "We draw every pathway until you can do it on an empty page. Medical entrance exams are my favourite puzzle."),
    Person("Kwame Boateng", "Africa/Accra", ("en",), ("biology",), (S,), 1_900, "Biology for curious people with exams next month", "Cells, genes and ecology in short sessions with lots of questions. Flash cards included."),
    Person("Claire Dubois", "Europe/Paris", ("fr", "en"), ("biology", "academic-writing"), (U,), 4_300, "From lab notes to a thesis chapter", "I edited a journal for eight years. Your results deserve sentences that do not hide them."),
    Person("Priya Raman", "Asia/Kolkata", ("en", "ta"), ("python", "linear-algebra", "statistics"), (U, C), 4_800, "Machine learning engineer, former teaching fellow", "Linear algebra for data science: projections, SVD and PCA in Python notebooks you keep after the session."),
    Person("Diego Herrera", "America/Mexico_City", ("es", "en"), ("python", "web-development"), (C,), 3_000, "Your first real program, and the second", "I changed careers at 34 and remember every confusing bit. We build something small and yours."),
    Person("Anna Schreiber", "Europe/Berlin", ("de", "en"), ("python", "data-analysis"), (U, C), 6_200, "Python that your future self can read", "Code review, tests and structure for people who already program and want to stop being afraid of their own scripts."),
    Person("Nia Roberts", "Europe/London", ("en", "cy"), ("data-analysis", "statistics"), (C,), 5_000, "Spreadsheets are fine. Here is what comes after", "Analyst in the health service. SQL, pandas and the honest chart, with the data from your own job."),
    Person("Hiroshi Sato", "Asia/Tokyo", ("ja", "en"), ("data-analysis", "economics"), (U, C), 5_800, "Econometrics and the code to run it", "Causal questions first, models second. We read one paper and repeat its main table together."),
    Person("Lucía Fernández", "Europe/Madrid", ("es", "en"), ("data-analysis",), (C,), 3_400, "A portfolio that gets you interviews", "I hire analysts. We turn one good question into a project you can talk about for twenty minutes."),
    Person("Tobias Krüger", "Europe/Berlin", ("de", "en"), ("web-development", "python"), (C,), 6_800, "Django, HTTP and what happens in between", "Fifteen years of web applications. Bring the bug; we find out how to have found it yourself."),
    Person("Zanele Dlamini", "Africa/Johannesburg", ("en", "zu"), ("web-development",), (S, C), 2_900, "HTML, CSS and a page you are proud of", "Accessible from the first line. We go from a drawing on paper to a page your grandmother can use."),
    Person("Owen Gallagher", "Europe/Dublin", ("en", "ga"), ("web-development", "data-analysis"), (C,), 5_500, "JavaScript without the framework fatigue", "The platform does more than you think. We write less code and understand all of it."),
    Person("Helena Costa", "Europe/Lisbon", ("pt", "en", "es"), ("economics", "statistics"), (U,), 3_700, "Microeconomics with graphs that make sense", "Consumer theory, games and exam questions. I taught the seminar twice and kept the best mistakes."),
    Person("Benjamin Cohen", "America/New_York", ("en", "he"), ("economics",), (U, C), 7_200, "Economics for people who have to decide", "Former central bank economist. Macro in conversation: what the numbers mean and what they leave out."),
    Person("Amina Yusuf", "Africa/Nairobi", ("en", "sw", "so"), ("economics", "accounting"), (S, U), 2_200, "Essays and diagrams for A-level economics", "We plan the essay in ten minutes, then write the paragraph that earns the marks."),
    Person("Martin Fischer", "Europe/Zurich", ("de", "fr", "en"), ("accounting", "economics"), (U, C), 8_000, "Double entry, explained once and for ever", "Auditor and examiner. Debits and credits become obvious when you stop memorising them."),
    Person("Olivia Chen", "America/Vancouver", ("en", "zh"), ("accounting",), (C,), 5_200, "CPA preparation after a working day", "Short sessions, one topic, one hard question. I know how tired you are at eight in the evening."),
    Person("Peter Molnár", "Europe/Budapest", ("hu", "en"), ("accounting", "statistics"), (U,), 2_700, "Management accounting with real cases", "Costing and budgets from companies I worked for. You decide, then we look at what happened."),
    Person("Isabel Torres", "America/Argentina/Buenos_Aires", ("es", "en"), ("psychology", "statistics"), (U,), 2_600, "Research methods for psychologists", "Design, ethics, analysis, discussion: we walk your study through all four before you collect anything."),
    Person("Ruth Andersen", "Europe/Copenhagen", ("da", "en"), ("psychology", "academic-writing"), (U,), 5_100, "Cognitive psychology, argued properly", "Reading a paper critically is a skill. We practise on yours, then on your own draft."),
    Person("Femi Adebayo", "Europe/London", ("en", "yo"), ("psychology",), (S, U), 3_300, "A-level and first-year psychology", "Studies you will remember because we pull them apart: what did they really measure?"),
    Person("Margaret Hill", "Europe/London", ("en",), ("english", "academic-writing"), (S, U), 4_000, "English literature and the essay that answers the question", "I read what you wrote before we meet, so that the session is about your sentences and not about my opinions."),
    Person("Jamal Carter", "America/New_York", ("en",), ("english",), (S, C), 3_600, "Speaking English at work", "Meetings, disagreements, small talk. We rehearse the conversation you are worried about."),
    Person("Siobhán Byrne", "Europe/Dublin", ("en", "ga"), ("english",), (C,), 3_800, "IELTS and Cambridge, from 6 to 7.5", "Writing task two is a recipe. Speaking is nerves. We work on both, every time."),
    Person("Tomás Guzmán", "America/Mexico_City", ("es", "en"), ("spanish",), (S, U, C), 2_200, "Spanish from Oaxaca, slowly and with jokes", "Conversation from the first minute. I correct three things a session and let the rest go."),
    Person("Carmen Ruiz", "Europe/Madrid", ("es", "fr"), ("spanish",), (S, U), 3_000, "DELE B2 and C1 by an examiner", "I know the marking grid by heart. We find the ten points that you leave on the table."),
    Person("Valentina Rojas", "America/Santiago", ("es", "en"), ("spanish", "english"), (C,), 2_400, "Spanish for people who work with people", "Nurses, teachers, hotel staff: we practise what you will say tomorrow."),
    Person("Camille Laurent", "Europe/Paris", ("fr", "en"), ("french",), (S, U), 3_600, "French pronunciation that strangers understand", "The sounds first, then the courage. Half of each session is you talking."),
    Person("Aïssatou Diallo", "Africa/Dakar", ("fr", "wo", "en"), ("french",), (U, C), 1_900, "Le français du travail, from Dakar", "Mails, presentations, phone calls. We write it, say it, and make it sound like you."),
    Person("Luc Tremblay", "America/Toronto", ("fr", "en"), ("french", "academic-writing"), (U,), 4_200, "French for university in Québec", "From everyday French to an essay with références. I grew up between the two languages."),
    Person("Greta Hoffmann", "Europe/Berlin", ("de", "en"), ("german",), (S, U, C), 3_400, "German grammar with a reason for every ending", "Cases are not random. After five sessions you will hear them before you think of them."),
    Person("Stefan Maurer", "Europe/Zurich", ("de", "en"), ("german",), (C,), 5_000, "German for moving to Switzerland or Germany", "The flat, the office, the doctor. Standard German, with a warning about the dialects."),
    Person("Emre Yıldız", "Europe/Istanbul", ("tr", "de", "en"), ("german", "english"), (S, C), 2_100, "TestDaF and Goethe, the practical way", "I learned German at 25 and passed C2 at 29. I know which shortcuts are real."),
    Person("Clara Steiner", "Europe/Vienna", ("de", "en"), ("academic-writing", "english"), (U,), 4_600, "Essay feedback that you can act on the same day", "Structure, argument, sentence. You leave with a marked-up page and three things to change."),
    Person("David Okonkwo", "Europe/London", ("en",), ("academic-writing", "economics"), (U, C), 5_300, "Personal statements and scholarship essays", "I sat on admission panels. We find the true story and cut everything that sounds like everyone."),
    Person("Naomi Friedman", "America/Los_Angeles", ("en",), ("academic-writing", "psychology"), (U,), 6_000, "Dissertation coach for the last hard third", "Weekly plans, honest deadlines, one chapter at a time. I finished mine with two small children."),
    Person("Giulia Ferrari", "Europe/Rome", ("it", "en"), ("music-theory",), (S, U), 3_100, "Harmony you can hear before you write it", "Counterpoint and four-part writing at the piano, over video, with your own pieces."),
    Person("Marcus Bell", "America/Chicago", ("en",), ("music-theory",), (S, C), 4_100, "Jazz theory for people who already play", "Chords, scales, and why that one note works. Bring your instrument and a tune you love."),
    Person("Hye-jin Park", "Asia/Seoul", ("ko", "en"), ("music-theory", "english"), (S, U), 3_700, "Ear training, fifteen minutes at a time", "Short, often, and kind to beginners. Most people hear intervals within a month."),
)  # fmt: skip

STUDENTS = (
    "Lina Haddad", "Oscar Nilsson", "Maya Patel", "Jack Turner", "Elif Kaya", "Noah Weber", "Zoe Martin", "Aisha Bello",
    "Leo Rossi", "Emma Larsen", "Mateo Silva", "Hana Suzuki", "Tom Baker", "Ines Duarte", "Yara Khalil", "Ben Adler",
    "Chloe Dupont", "Ravi Iyer", "Nora Lind", "Sam Okoro", "Julia Wolf", "Dan Murphy", "Lea Keller", "Ana Popescu",
)  # fmt: skip

PRAISE = (
    (5, "Clear, kind and very well prepared. I left knowing what to do next."),
    (5, "Explained in ten minutes what I had not understood all term."),
    (5, "Asked the right questions instead of telling me the answer."),
    (4, "Very good session, we ran out of time before the last exercise."),
    (5, "Patient with my slow typing and quick with everything else."),
    (4, "Helpful and friendly. The notes afterwards were great."),
    (5, "Second session, and already a better mark in the test."),
    (3, "Knows the subject well. A little fast for me at first."),
    (5, ""),
    (4, "Exactly the part of the sheet that I was stuck on."),
)  # fmt: skip
