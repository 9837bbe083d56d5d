const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Given names and surnames of many places, so that pages are tried with more than ASCII. */
export const GIVEN_NAMES = words(`
Ada Adaeze Ahmed Aiko Alejandra Alice Amara Amélie Anders Andrea Anh Anna Arjun Astrid Aylin Beatriz Ben Bianca Björn
Camila Carlos Chen Chiara Chloé Daniel Daria Diego Dimitri Ebba Eleni Elif Emeka Emma Erik Fatima Felix Fiona Francesca
Freja Gabriel Giulia Grace Hana Hannah Haruto Hassan Helena Henrik Hiroshi Hugo Ibrahim Ines Ingrid Isabella Ivan Jakub
Jana Jean João Johanna Jonas Julia Kamala Karim Karolina Katarzyna Kenji Kofi Lars Laura Layla Lea Leila Lena Liam Lin
Linnea Lucas Lucía Magnus Mai Malik Marek Maria Marta Mateo Maya Mei Mia Miguel Mikael Milan Mohammed Nadia Naomi Nia
Nikolai Nina Noah Nora Oksana Olga Oliver Omar Oscar Pablo Paola Pedro Petra Priya Rafael Rania Ravi Rosa Ruth Samuel
Sanjay Santiago Sara Sofia Søren Stefan Sunita Tariq Tatiana Thandiwe Theo Tomás Tuan Uma Valentina Vera Viktor Wei
William Xin Yara Yasmin Yuki Yusuf Zainab Zoë Zuzana`)

export const SURNAMES = words(`
Abebe Acosta Adeyemi Ahmed Ali Almeida Andersson Baker Banerjee Bauer Becker Bergström Bianchi Brown Campbell Castro Chan
Chaudhary Chen Costa Cruz Dahl Das Diaz Dubois Eriksson Evans Fernández Fischer Fontaine Fournier García Gómez González
Gupta Haddad Hansen Hassan Hernández Hoffmann Horvat Huang Hughes Ibrahim Ivanova Jansen Jensen Johansson Johnson Jones
Joshi Kang Kaur Keller Khan Kim Kovács Kowalski Krüger Kumar Larsen Lee Lehtonen Li Lindqvist Liu López Martin Martínez
Mehta Mendes Meyer Moreau Morris Müller Mwangi Nakamura Ndiaye Nguyen Nielsen Nowak O'Brien Okafor Okonkwo Olsen Pereira
Pérez Petrov Phillips Popescu Rahman Reyes Ricci Roberts Rodríguez Rossi Roy Ruiz Sánchez Santos Sato Schmidt Schneider
Sharma Silva Singh Smith Sørensen Suzuki Takahashi Tan Tanaka Taylor Thomas Torres Tran Turner Vargas Vasquez Virtanen
Volkova Wagner Walker Wang Weber White Williams Wilson Wong Wright Yamamoto Yang Yılmaz Young Zhang Zieliński`)

export const DEPARTMENTS = [
  'Engineering',
  'Finance',
  'Human Resources',
  'Legal',
  'Logistics',
  'Marketing',
  'Operations',
  'Procurement',
  'Research',
  'Sales',
  'Support',
] as const
export const JOB_TITLES = [
  'Analyst',
  'Assistant',
  'Consultant',
  'Coordinator',
  'Director',
  'Engineer',
  'Lead',
  'Manager',
  'Planner',
  'Specialist',
  'Technician',
] as const
export const PLACES = [
  'Aarhus',
  'Bogotá',
  'Chicago',
  'Dublin',
  'Kraków',
  'Lagos',
  'Lisbon',
  'Munich',
  'Nairobi',
  'Osaka',
  'Pune',
  'Toronto',
] as const
export const TEAMS = [
  'All Hands',
  'Leadership',
  'Launch',
  'Quality',
  'Safety',
  'Planning',
  'Field',
  'Night Shift',
  'Budget',
  'Onboarding',
  'Security',
  'Events',
] as const
